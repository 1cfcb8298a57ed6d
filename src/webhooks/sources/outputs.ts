import { textOf } from '../../core/fields.js';
import type { JobOutput } from '../../core/model.js';
import { isRecord } from '../../core/record.js';

/** More than any model makes. */
const MAX_OUTPUTS = 100;

/** The files of a list of URLs, or of objects that have one; undefined where there are none. */
export function outputsOf(list: unknown): readonly JobOutput[] | undefined {
  const files = (Array.isArray(list) ? list : [list]).slice(0, MAX_OUTPUTS);
  const outputs = files.flatMap((file): JobOutput[] => {
    const url = textOf(isRecord(file) ? file.url : file);
    return url === undefined ? [] : [{ url }];
  });
  return outputs.length > 0 ? outputs : undefined;
}
