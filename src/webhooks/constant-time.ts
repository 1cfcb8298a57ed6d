/**
 * Compares texts, not bytes: base64 has several texts for the same bytes, and only one of them is right. Takes the same
 * time wherever they differ; only a difference in length, which is no secret, changes it.
 *
 * @param start - Where in `given` the text begins.
 */
export function equalInConstantTime(expected: string, given: string, start: number): boolean {
  let difference = (expected.length + start) ^ given.length;
  for (let i = 0; i < expected.length; i++)
    difference |= expected.charCodeAt(i) ^ given.charCodeAt(start + i);
  return !difference;
}
