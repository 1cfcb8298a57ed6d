import { isRecord } from './record.js';

/** What a server's error body says, kept in its own words. */
export interface ErrorBody {
  readonly message?: string | undefined;
  readonly hint?: string | undefined;
  readonly code?: string | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** `false`: no call is made again because of it. `true`: any may be but a submit. Missing: the status says which. */
  readonly retryable?: boolean | undefined;
  /** The credentials were refused, whatever the status is: taken as a 401. */
  readonly unauthorized?: true | undefined;
  /** Everything else of it. */
  readonly details?: unknown;
}

/**
 * The words of an error body, of whatever dialect: `{error, message?, hint?, code?, …}`, the same one level down in
 * `error` (OpenAI), or `{detail}`, as a text or as a list of what is wrong where (FastAPI). All else goes to
 * `details`.
 */
export function parseErrorBody(body: unknown): ErrorBody {
  if (typeof body === 'string') return { message: body };
  if (!isRecord(body)) return body === undefined || body === null ? {} : { details: body };
  const { error, message, detail, hint, code, ...rest } = body;
  const nested: ErrorBody = isRecord(error) ? parseErrorBody(error) : {};
  const sentences = [
    typeof error === 'string' ? error : nested.message,
    message,
    Array.isArray(detail) ? wordsOfProblems(detail) : detail,
  ].filter(
    (sentence, index, all): sentence is string =>
      typeof sentence === 'string' && sentence.trim() !== '' && all.indexOf(sentence) === index,
  );
  const others = {
    ...rest,
    // Where they are no words, they are shown as they are.
    ...(typeof message !== 'string' && { message }),
    ...(typeof detail !== 'string' && { detail }),
    ...(typeof error !== 'string' && !isRecord(error) && { error }),
    ...(isRecord(nested.details) && nested.details),
  };
  const details = Object.fromEntries(Object.entries(others).filter(([, value]) => value != null));
  const [problem] = Array.isArray(detail) ? detail : [];
  const type = rest.error_type ?? (isRecord(problem) ? problem.type : undefined);
  return {
    message: sentences.length === 0 ? undefined : sentences.reduce(join),
    hint: typeof hint === 'string' ? hint : nested.hint,
    code:
      typeof code === 'number'
        ? String(code)
        : [code, nested.code, type].find((one) => typeof one === 'string'),
    details: Object.keys(details).length === 0 ? undefined : details,
  };
}

/** `[{ loc: ['body', 'prompt'], msg: 'Field required' }]` → `body.prompt: Field required`. */
function wordsOfProblems(problems: readonly unknown[]): string | undefined {
  const words = problems.slice(0, 20).flatMap((problem) => {
    if (!isRecord(problem) || typeof problem.msg !== 'string') return [];
    // Names and numbers: what else may be there cannot always be made a text of.
    const loc: readonly unknown[] = Array.isArray(problem.loc) ? problem.loc.slice(0, 20) : [];
    const place = loc.filter((part) => typeof part === 'string' || typeof part === 'number').join('.');
    return [place === '' ? problem.msg : `${place}: ${problem.msg}`];
  });
  return words.length === 0 ? undefined : words.join('; ');
}

/** `Out of credits` and `10 are needed` → `Out of credits: 10 are needed`; two whole sentences as they are. */
function join(one: string, next: string): string {
  return `${one}${/[.!?:]\s*$/.test(one) ? ' ' : ': '}${next}`;
}
