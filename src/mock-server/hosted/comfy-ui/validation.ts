import { isRecord } from '../../body.js';
import { type Graph, type InputRule, isLink, NODE_CLASSES, type Node } from './nodes.js';

interface NodeError {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extra_info: Readonly<Record<string, unknown>>;
}
type NodeErrors = Record<
  string,
  { readonly errors: readonly NodeError[]; readonly dependent_outputs: string[]; readonly class_type: string }
>;

/** What becomes of a submit: the outputs that are run, or why none is. */
export interface Verdict {
  readonly error?: NodeError;
  readonly outputs: readonly string[];
  readonly nodeErrors: NodeErrors;
}

/**
 * A graph, checked as the server checks it: first that each node is of a class it has, then what each output hangs on.
 * What is good is run, whatever the rest is.
 *
 * @param hasFile - Whether a file was uploaded.
 */
export function validate(graph: Graph, hasFile: (name: string) => boolean): Verdict {
  for (const [id, node] of Object.entries(graph)) {
    const known = isRecord(node) && typeof node.class_type === 'string' && NODE_CLASSES[node.class_type];
    if (!known) return { error: missingNode(id, node), outputs: [], nodeErrors: {} };
  }
  const outputs = Object.keys(graph).filter((id) => classOf(graph, id)?.saves !== undefined);
  if (outputs.length === 0) {
    const error = problem('prompt_no_outputs', 'Prompt has no outputs', '');
    return { error, outputs: [], nodeErrors: {} };
  }
  const nodeErrors: NodeErrors = {};
  const good: string[] = [];
  const words: string[] = [];
  for (const output of outputs) {
    const found = new Map<string, readonly NodeError[]>();
    visit(graph, output, [], found, hasFile);
    const wrong = [...found].filter(([, errors]) => errors.length > 0);
    if (wrong.length === 0) good.push(output);
    for (const [id, errors] of wrong) {
      const class_type = graph[id]?.class_type ?? '';
      const entry = nodeErrors[id] ?? { errors, dependent_outputs: [], class_type };
      nodeErrors[id] = entry;
      entry.dependent_outputs.push(output);
      if (id === output) words.push(...errors.map(({ message, details }) => `${message}: ${details}`));
    }
  }
  if (good.length > 0) return { outputs: good, nodeErrors };
  const text = 'Prompt outputs failed validation';
  return {
    error: problem('prompt_outputs_failed_validation', text, words.join('\n')),
    outputs: [],
    nodeErrors,
  };
}

/** The nodes that outputs hang on, each after those that it hangs on itself. */
export function orderOf(graph: Graph, outputs: readonly string[]): readonly string[] {
  const order = new Set<string>();
  const add = (id: string, above: readonly string[]): void => {
    if (order.has(id) || above.includes(id)) return;
    for (const link of linksOf(graph[id])) add(link, [...above, id]);
    order.add(id);
  };
  for (const output of outputs) add(output, []);
  return [...order];
}

function linksOf(node: Node | undefined): readonly string[] {
  return Object.values(node?.inputs ?? {}).flatMap((value) => (isLink(value) ? [String(value[0])] : []));
}

function classOf(graph: Graph, id: string) {
  return NODE_CLASSES[graph[id]?.class_type ?? ''];
}

function visit(
  graph: Graph,
  id: string,
  above: readonly string[],
  found: Map<string, readonly NodeError[]>,
  hasFile: (name: string) => boolean,
): void {
  if (above.includes(id)) {
    const cycle = [...above.slice(above.indexOf(id)), id];
    const path = cycle.map((one) => `${one} (${graph[one]?.class_type})`).join(' -> ');
    for (const one of cycle)
      found.set(one, [
        problem('dependency_cycle', 'Dependency cycle detected', path, { node_id: one, cycle_nodes: cycle }),
      ]);
    return;
  }
  if (found.has(id)) return;
  const inputs = graph[id]?.inputs ?? {};
  const { required = {}, optional = {} } = classOf(graph, id) ?? {};
  const errors: NodeError[] = [];
  found.set(id, errors);
  for (const [name, rule] of Object.entries({ ...required, ...optional })) {
    const value = inputs[name];
    if (value === undefined) {
      if (name in required)
        errors.push(
          problem('required_input_missing', 'Required input is missing', name, { input_name: name }),
        );
    } else if (Array.isArray(value)) {
      const wrong = linkProblem(graph, name, value, rule);
      if (wrong !== undefined) errors.push(wrong);
      else visit(graph, String(value[0]), [...above, id], found, hasFile);
    } else {
      const wrong = valueProblem(name, value, rule, hasFile);
      if (wrong !== undefined) errors.push(wrong);
    }
  }
  // A cycle below may have said something of this one meanwhile.
  const said = found.get(id) ?? [];
  if (said !== errors) found.set(id, [...said, ...errors]);
}

function linkProblem(
  graph: Graph,
  name: string,
  value: readonly unknown[],
  rule: InputRule,
): NodeError | undefined {
  const [from, slot] = value;
  const returned = classOf(graph, String(from))?.returns[Number(slot)];
  const info = { input_name: name, received_value: value };
  if (value.length !== 2)
    return problem(
      'bad_linked_input',
      'Bad linked input, must be a length-2 list of [node_id, slot_index]',
      name,
      info,
    );
  if (returned === undefined)
    return problem('exception_during_validation', 'Exception when validating node', `'${String(from)}'`);
  const wanted = 'link' in rule ? rule.link : 'type' in rule ? rule.type : 'COMBO';
  if (wanted === returned) return undefined;
  const details = `${name}, received_type(${returned}) mismatch input_type(${wanted})`;
  return problem('return_type_mismatch', 'Return type mismatch between linked nodes', details, {
    ...info,
    ...{ received_type: returned, linked_node: value },
  });
}

function valueProblem(
  name: string,
  value: unknown,
  rule: InputRule,
  hasFile: (name: string) => boolean,
): NodeError | undefined {
  const info = { input_name: name, received_value: value };
  if ('file' in rule) {
    if (hasFile(String(value))) return undefined;
    const details = `${name} - Invalid image file: ${String(value)}`;
    return problem('custom_validation_failed', 'Custom validation failed for node', details, {
      input_name: name,
    });
  }
  if ('list' in rule) {
    if (rule.list.includes(String(value))) return undefined;
    const list = `[${rule.list.map((one) => `'${one}'`).join(', ')}]`;
    return problem('value_not_in_list', 'Value not in list', `${name}: '${String(value)}' not in ${list}`, {
      ...info,
      input_config: [rule.list, {}],
    });
  }
  // It is for the node to make something of it.
  if (!('type' in rule) || (rule.type !== 'INT' && rule.type !== 'FLOAT')) return undefined;
  const number = typeof value === 'boolean' || value === '' ? Number.NaN : Number(value);
  if (Number.isNaN(number)) {
    const message = `Failed to convert an input value to a ${rule.type} value`;
    return problem('invalid_input_type', message, `${name}, ${String(value)}, could not convert`, info);
  }
  if (rule.min !== undefined && number < rule.min)
    return problem('value_smaller_than_min', `Value ${number} smaller than min of ${rule.min}`, name, info);
  return rule.max !== undefined && number > rule.max
    ? problem('value_bigger_than_max', `Value ${number} bigger than max of ${rule.max}`, name, info)
    : undefined;
}

function missingNode(id: string, node: unknown): NodeError {
  const { class_type, _meta } = isRecord(node) ? node : {};
  const title = isRecord(_meta) ? _meta.title : undefined;
  const message =
    typeof class_type === 'string'
      ? `Node '${String(title ?? class_type)}' not found. The custom node may not be installed.`
      : `Node '${String(title ?? `ID #${id}`)}' has no class_type. The workflow may be corrupted or a custom node is missing.`;
  return problem('missing_node_type', message, `Node ID '#${id}'`, {
    ...{ node_id: id, class_type: class_type ?? null, node_title: title ?? class_type ?? null },
  });
}

export function problem(
  type: string,
  message: string,
  details: string,
  extra_info: Readonly<Record<string, unknown>> = {},
): NodeError {
  return { type, message, details, extra_info };
}
