/** What a model takes of a field: one of these values, or anything of a type. */
export type Rule = readonly (string | number)[] | 'integer' | 'number' | 'boolean' | 'string';

/**
 * Of some official models what is known of their inputs, each of which needs a prompt. Of any other model every object
 * is taken.
 */
export const REPLICATE_MODELS: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  'google/veo-3.1': {
    prompt: 'string',
    duration: [4, 6, 8],
    resolution: ['720p', '1080p'],
    aspect_ratio: ['16:9', '9:16'],
    image: 'string',
    last_frame: 'string',
    generate_audio: 'boolean',
    negative_prompt: 'string',
    seed: 'integer',
  },
  'bytedance/seedance-2.0': {
    prompt: 'string',
    duration: 'integer',
    resolution: ['480p', '720p', '1080p'],
    aspect_ratio: 'string',
    image: 'string',
    last_frame_image: 'string',
    generate_audio: 'boolean',
    seed: 'integer',
  },
  'kwaivgi/kling-v2.5-turbo-pro': {
    prompt: 'string',
    duration: [5, 10],
    aspect_ratio: ['16:9', '9:16', '1:1'],
    start_image: 'string',
    negative_prompt: 'string',
    guidance_scale: 'number',
  },
};

/** A model as Replicate tells of it, with the schema of its input; undefined for one that is not known here. */
export function replicateModel(owner: string, name: string): Record<string, unknown> | undefined {
  const path = `${owner}/${name}`;
  const rules = Object.hasOwn(REPLICATE_MODELS, path) ? REPLICATE_MODELS[path] : undefined;
  if (rules === undefined) return undefined;
  const properties = Object.fromEntries(
    Object.entries(rules).map(([field, rule]) => [field, schemaOf(rule)]),
  );
  const schemas = {
    Input: { type: 'object', title: 'Input', required: ['prompt'], properties },
    Output: { type: 'string', title: 'Output', format: 'uri' },
  };
  return {
    ...{ owner, name, url: `https://replicate.com/${path}`, visibility: 'public', run_count: 0 },
    latest_version: { id: 'hidden', openapi_schema: { openapi: '3.0.2', components: { schemas } } },
  };
}

function schemaOf(rule: Rule): Record<string, unknown> {
  if (typeof rule === 'string') return { type: rule };
  return { type: typeof rule[0] === 'number' ? 'integer' : 'string', enum: rule };
}
