/* Apart from what decides on plain secrets, so that a page with one of these never loads it. */
import { type Key, keyOf, prefixOf, type ResolvedScheme, type WebhookSecret } from './secret.js';

/**
 * What no secret is, by name: what a shell, an env file, a template or a paste makes of one. Taken for a secret, some
 * of these select another scheme, and others anybody can guess. A secret that really looks so can be given as bytes.
 */
const FLAWS = /* @__PURE__ */ new RegExp(
  [
    '(?<empty>^\\s*$)',
    '(?<space>^\\s|\\s$)',
    '(?<hidden>[\\p{Cc}\\p{Cf}]|\\\\[nr]$)',
    '(?<quotes>^["\'`“‘].*["\'`”’]$)',
    '(?<unset>^(undefined|null|nan|none|nil|true|false|\\[object \\w+\\])+$)',
    '(?<name>^((export|set)\\s+\\w+|\\w*(secret|key|token|hook)\\w*|[a-z]+_\\w+)\\s*[=:]\\s*[^=\\s])',
    '(?<prefix>wh(sec|[ps]k)_)',
    '(?<variable>^\\$([({].*[)}]|[a-z_]\\w*)$|^%\\w+%$|^\\{\\{.*\\}\\}$|^(process|import\\.meta|deno|bun)\\.env|^[a-z]+://|^arn:|^@Microsoft\\.|^/(run|etc|var|mnt|home|root|secrets?|opt|usr|tmp|vault)/|^(async\\s*)?(function\\b|(\\w+|\\([\\w\\s,]*\\))\\s*=>))',
    '(?<placeholder>^<.*>$|^\\[.*\\]$|^(change|replace)[-_ ]?(me|it|this)|^your[-_ ]?(webhook|signing|secret|key|token|own)|[-_ ]here$|^([x*.•]{3,}|…)$|^(placeholder|todo|tbd)$)',
  ].join('|'),
  'isu',
);

/** The name of what is wrong with a text, if anything is. A prefix it may have is left out. */
export function flawOf(text: string): string | undefined {
  // What is looked for is at the ends. A regular expression shall not have to go through more.
  const ends = text.length > 400 ? text.slice(0, 200) + text.slice(-200) : text;
  const { groups } = FLAWS.exec(ends) ?? {};
  return groups && Object.keys(groups).find((name) => groups[name] !== undefined);
}

/** Undefined for what cannot be a secret, or cannot be the key of this scheme. */
export function readKey(secret: WebhookSecret, scheme: ResolvedScheme): Key | undefined {
  const flawed = typeof secret === 'string' && flawOf(secret.slice(prefixOf(secret).length));
  return flawed ? undefined : keyOf(secret, scheme);
}
