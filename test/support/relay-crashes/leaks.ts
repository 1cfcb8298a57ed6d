/** Which of these are in a text: as they are, or in base64, in hexadecimal or with escapes. */
export function leaksIn(texts: Iterable<string>, secrets: Readonly<Record<string, string>>): string[] {
  const forms = Object.entries(secrets).flatMap(([name, secret]) =>
    [secret, ...base64Of(secret), Buffer.from(secret).toString('hex')].map((form) => ({
      name,
      form,
    })),
  );
  const found = new Set<string>();
  for (const text of texts) {
    for (const variant of new Set([text, unescaped(text)])) {
      for (const { name, form } of forms) if (variant.includes(form)) found.add(name);
    }
  }
  return [...found];
}

/** Wherever in what is encoded it begins: without the letters at both ends, which hold bits of its neighbours too. */
function base64Of(secret: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
    const whole = bytes.length - (bytes.length % 3);
    const text = bytes
      .subarray(0, whole)
      .toString('base64')
      .slice(before === 0 ? 0 : 4);
    return [text, text.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** As URLs and JSON escape. */
function unescaped(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})|\\u00([0-9a-f]{2})|\\(?=[/])/gi, (_, percent, unicode) => {
    const code = percent ?? unicode;
    return code === undefined ? '' : String.fromCharCode(Number.parseInt(code, 16));
  });
}
