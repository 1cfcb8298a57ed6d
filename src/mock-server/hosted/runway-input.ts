import { isRecord } from '../body.js';
import { json } from '../exchange.js';
import { RUNWAY_MODELS, type RunwayModelRow, type RunwayRule, type RunwayTaskName } from './runway-models.js';

/** One thing that is wrong with a submit. */
interface Issue {
  readonly code: string;
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Input = Readonly<Record<string, unknown>>;

const VERSION = '2024-11-06';
const MAX_DATA_URL = 5_242_880;
const MAX_URL = 2_048;
const DOCS = 'https://docs.dev.runwayml.com/errors/errors/';

/** `{ error, issues, docUrl }`. */
export function runwayError(status: number, error: string, issues?: readonly Issue[]): Response {
  return json({ error, ...(issues && { issues }), ...(status === 400 && { docUrl: DOCS }) }, status);
}

/** Each call has to say for which version of the API it was written. */
export function versionProblem(headers: Headers): Response | undefined {
  const given = headers.get('x-runway-version');
  if (given === VERSION) return undefined;
  return runwayError(
    400,
    given === null
      ? 'The X-Runway-Version header is required'
      : `The version ${given.slice(0, 40)} is not a valid X-Runway-Version`,
  );
}

/** What is wrong with the body of a submit. */
export function runwayProblem(task: RunwayTaskName, input: Input): Response | undefined {
  const model = String(input.model);
  const row = Object.hasOwn(RUNWAY_MODELS, model) ? RUNWAY_MODELS[model] : undefined;
  if (row === undefined || !row.tasks.includes(task)) {
    const models = Object.entries(RUNWAY_MODELS).filter(([, { tasks }]) => tasks.includes(task));
    const message = `Invalid discriminator value. Expected ${models.map(([name]) => `'${name}'`).join(' | ')}`;
    return invalid([{ code: 'invalid_union_discriminator', path: ['model'], message }]);
  }
  const issues = [
    ...missing(task, row, input),
    ...Object.entries(input).flatMap(([name, value]) => fieldIssues(task, row, name, value)),
  ];
  return issues.length === 0 ? undefined : invalid(issues);
}

function invalid(issues: readonly Issue[]): Response {
  return runwayError(400, 'Validation of body failed', issues);
}

function missing(task: RunwayTaskName, row: RunwayModelRow, input: Input): Issue[] {
  const media = { text_to_video: [], image_to_video: ['promptImage'], video_to_video: [row.video ?? ''] }[
    task
  ];
  // A video has a shape and a length of its own.
  const own = task === 'video_to_video' ? [] : row.required;
  // Without a picture there is nothing but the prompt.
  const prompt = task === 'text_to_video' && row.promptLength === 1_000 ? ['promptText'] : [];
  return [...new Set([...media, ...own, ...prompt])]
    .filter((name) => input[name] === undefined)
    .map((name) => ({ code: 'invalid_type', path: [name], message: 'Required' }));
}

function fieldIssues(task: RunwayTaskName, row: RunwayModelRow, name: string, value: unknown): Issue[] {
  if (name === 'model') return [];
  if (name === 'promptImage' && task === 'image_to_video') return imageIssues(value);
  if (name === row.video && task === 'video_to_video') return mediaIssues([name], value);
  const rule = Object.hasOwn(row.fields, name) ? row.fields[name] : undefined;
  if (rule === undefined)
    return [{ code: 'unrecognized_keys', path: [], message: `Unrecognized key(s) in object: '${name}'` }];
  const wanted = problemOf(value, name === 'ratio' ? ratios(task, row, rule) : rule);
  if (wanted !== undefined) return [{ code: 'invalid_type', path: [name], message: wanted }];
  return name === 'promptText' && String(value).length > row.promptLength
    ? [{ code: 'too_big', path: [name], message: `Must contain at most ${row.promptLength} character(s)` }]
    : [];
}

function ratios(task: RunwayTaskName, { imageRatios = [] }: RunwayModelRow, rule: RunwayRule): RunwayRule {
  return Array.isArray(rule) && task === 'image_to_video' ? [...rule, ...imageRatios] : rule;
}

function problemOf(value: unknown, rule: RunwayRule): string | undefined {
  if (rule === 'list') return Array.isArray(value) ? undefined : 'Expected array';
  if (rule === 'object') return isRecord(value) ? undefined : 'Expected object';
  if (typeof rule === 'string') return typeof value === rule ? undefined : `Expected ${rule}`;
  if ('from' in rule) {
    const { from, to, or } = rule;
    const fits = Number.isInteger(value) && Number(value) >= from && Number(value) <= to;
    return fits || (or !== undefined && value === or)
      ? undefined
      : `Expected an integer from ${from} to ${to}`;
  }
  return rule.some((one) => one === value) ? undefined : `Expected one of ${rule.join(', ')}`;
}

function imageIssues(value: unknown): Issue[] {
  if (!Array.isArray(value)) return mediaIssues(['promptImage'], value);
  if (value.length === 0) return [{ code: 'too_small', path: ['promptImage'], message: 'Must not be empty' }];
  return value.flatMap((image: unknown, index) => {
    const path = ['promptImage', index];
    if (!isRecord(image)) return [{ code: 'invalid_type', path, message: 'Expected object' }];
    const { position } = image;
    const isPlaced = position === undefined || position === 'first' || position === 'last';
    const wrong = {
      code: 'invalid_enum_value',
      path: [...path, 'position'],
      message: "Expected 'first' | 'last'",
    };
    return [...(isPlaced ? [] : [wrong]), ...mediaIssues([...path, 'uri'], image.uri)];
  });
}

/** `https`, a `data:` URL of 5 MB at most, or what was uploaded. */
function mediaIssues(path: readonly (string | number)[], value: unknown): Issue[] {
  const problem = mediaProblem(value);
  return problem === undefined ? [] : [{ code: 'custom', path, message: problem }];
}

function mediaProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'Expected string';
  if (value.startsWith('data:')) {
    if (value.length > MAX_DATA_URL) return `Data URI is larger than ${MAX_DATA_URL} characters`;
    return /^data:[\w.+-]+\/[\w.+-]+;base64,\S/.test(value) ? undefined : 'Invalid data URI';
  }
  if (value.length > MAX_URL) return `URL is longer than ${MAX_URL} characters`;
  return /^(https|runway):\/\/\S/.test(value)
    ? undefined
    : 'Must be an HTTPS URL, a data URI or a Runway URI';
}
