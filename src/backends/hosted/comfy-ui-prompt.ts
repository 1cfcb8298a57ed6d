import { text } from '../../core/check.js';
import { isRecord } from '../../core/record.js';
import { InputError } from '../../errors.js';
import { isBytes } from '../bytes.js';
import { isPlain, unsendable } from './plain-json.js';

/** What each status call brings again, as the server echoes it; Python writes it with blanks. */
const MAX_PROMPT = 900_000;
/** Far more than any node has. */
const MAX_DEPTH = 100;

/**
 * What is to be posted, whole.
 *
 * @throws InputError that names the path, such as `workflow.3.inputs.image`.
 */
export function checkPrompt({ prompt, ...rest }: { readonly prompt: object; readonly extra_data?: unknown }) {
  checkWorkflow(prompt);
  checkValue(prompt, 'workflow', []);
  checkValue(rest.extra_data, 'extra_data', []);
  const json = JSON.stringify({ prompt, ...rest });
  // Written by Python, each character beyond ASCII takes six.
  const length = json.length + 5 * (json.match(/[^\0-\x7f]/g)?.length ?? 0);
  if (length <= MAX_PROMPT) return;
  throw new InputError('workflow', `workflow has ${length} characters, more than ${MAX_PROMPT}`, {
    hint: 'ComfyUI sends it back with each status. Put files on the server by client.backend.upload(file), and only their names in the workflow.',
  });
}

function checkWorkflow(workflow: object): void {
  const nodes = Object.entries(workflow);
  if ('nodes' in workflow && Array.isArray(workflow.nodes))
    throw new InputError('workflow', 'workflow is as the editor saves it, which the server does not run', {
      hint: 'Export it again by File → Export (API).',
    });
  if (nodes.length === 0) throw new InputError('workflow', 'workflow has no nodes');
  for (const [id, node] of nodes) {
    const path = `workflow.${id}`;
    if (!isRecord(node)) throw new InputError(path, `${path} is no node: it must be an object`);
    const problem = text(node.class_type);
    if (problem !== undefined) throw new InputError(`${path}.class_type`, `${path}.class_type ${problem}`);
    if (!isRecord(node.inputs)) throw new InputError(`${path}.inputs`, `${path}.inputs must be an object`);
  }
}

/** Refuses files, which a workflow has by their names, and what is no JSON. */
function checkValue(value: unknown, path: string, within: readonly unknown[]): void {
  if (isBytes(value) || (typeof value === 'string' && /^data:[\w.+-]+\/[^,]{0,200},/.test(value))) {
    throw new InputError(path, `${path} is a file, and ComfyUI takes none in a workflow`, {
      hint: 'Put it on the server by client.backend.upload(file), and give the name that it has there.',
    });
  }
  const kind = isPlain(value) ? undefined : unsendable(value);
  if (kind !== undefined)
    throw new InputError(path, `${path} is no JSON: ${kind}`, {
      hint: 'Give plain JSON: await what is a promise.',
    });
  if (typeof value !== 'object' || value === null) return;
  if (within.length > MAX_DEPTH || within.includes(value))
    throw new InputError(path.split('.', 1)[0] ?? '', `${path} is nested in a circle, or too deep`);
  for (const [name, part] of Object.entries(value)) checkValue(part, `${path}.${name}`, [...within, value]);
}
