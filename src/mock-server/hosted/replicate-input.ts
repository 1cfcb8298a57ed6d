import { isRecord } from '../body.js';
import { json } from '../exchange.js';
import { isLoopback } from '../gate.js';
import { REPLICATE_MODELS, type Rule } from './replicate-models.js';

/** One thing that is wrong with a submit, by its path. */
interface Problem {
  readonly field: string;
  readonly description: string;
}

const EVENTS: readonly unknown[] = ['start', 'output', 'logs', 'completed'];
/** Replicate's words for what there is not. */
export const NOT_FOUND = 'The requested resource could not be found.';
const FIELDS = ['input', 'stream', 'webhook', 'webhook_events_filter'];

/** `{ title, detail, status }`, and more of it for an input. */
export function replicateError(
  status: number,
  title: string,
  detail: string,
  more: Readonly<Record<string, unknown>> = {},
): Response {
  return json({ title, detail, status, ...more }, status);
}

/**
 * What is wrong with the body of a submit.
 *
 * @param model - Where the path names it: then the body must not.
 */
export function submitProblem(
  body: Readonly<Record<string, unknown>>,
  model: string | undefined,
): Response | undefined {
  const { version = model } = body;
  const problems = [
    ...unknownFields(body, model === undefined ? [...FIELDS, 'version'] : FIELDS),
    ...(typeof version === 'string' ? [] : [{ field: 'version', description: 'version is required' }]),
    ...(isRecord(body.input) ? [] : [{ field: 'input', description: 'input is required' }]),
    ...webhookProblems(body),
  ];
  if (problems.length > 0) return invalid(problems);
  // Which models are official, and so need no version, is not known here: each that is named in full is taken.
  if (!/^(?:[\w.-]+\/[\w.-]+(?::[0-9a-f]{64})?|[0-9a-f]{64})$/.test(String(version)))
    return replicateError(
      422,
      'Invalid version or not permitted',
      "The specified version does not exist (or perhaps you don't have permission to use it?)",
    );
  const wrong = inputProblems(String(version), body.input as Record<string, unknown>);
  return wrong.length === 0 ? undefined : invalid(wrong);
}

function unknownFields(body: object, known: readonly string[]): Problem[] {
  return Object.keys(body)
    .filter((name) => !known.includes(name))
    .map((field) => ({ field, description: `Additional property ${field} is not allowed` }));
}

/** Replicate calls `https` alone. A test has no certificate: this machine may be called without. */
function webhookProblems({ webhook, webhook_events_filter: filter }: Record<string, unknown>): Problem[] {
  const url = typeof webhook === 'string' && URL.canParse(webhook) ? new URL(webhook) : undefined;
  const isTaken = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  const areEvents = Array.isArray(filter) && filter.every((event) => EVENTS.includes(event));
  return [
    ...(webhook === undefined || isTaken
      ? []
      : [{ field: 'webhook', description: 'webhook must be a valid HTTPS URL' }]),
    ...(filter === undefined || areEvents
      ? []
      : [
          {
            field: 'webhook_events_filter',
            description: `webhook_events_filter must be one of ${EVENTS.join(', ')}`,
          },
        ]),
  ];
}

function inputProblems(version: string, input: Readonly<Record<string, unknown>>): Problem[] {
  const rules = REPLICATE_MODELS[version.split(':')[0] ?? ''];
  if (rules === undefined) return [];
  const missing = input.prompt === undefined;
  return [
    ...(missing ? [{ field: 'input', description: 'prompt is required' }] : []),
    ...Object.entries(rules).flatMap(([name, rule]) => {
      const value = input[name];
      if (value === undefined || fits(value, rule)) return [];
      const wanted = typeof rule === 'string' ? `Invalid type. Expected: ${rule}` : `must be one of ${rule}`;
      return [{ field: `input.${name}`, description: wanted }];
    }),
  ];
}

function fits(value: unknown, rule: Rule): boolean {
  if (typeof rule !== 'string') return rule.some((one) => one === value);
  return rule === 'integer' ? Number.isInteger(value) : typeof value === rule;
}

function invalid(problems: readonly Problem[]): Response {
  const detail = problems.map(({ field, description }) => `- ${field}: ${description}\n`).join('');
  return replicateError(422, 'Input validation failed', detail, {
    invalid_fields: problems.map((problem) => ({ type: 'invalid', ...problem })),
  });
}
