/** What a model takes of a field: one of these values, or anything of a type. `*` before the name: it is needed. */
type Rule = readonly (string | number)[] | 'integer' | 'number' | 'boolean' | 'string' | 'list';

const VEO = {
  '*prompt': 'string',
  aspect_ratio: ['16:9', '9:16'],
  duration: ['4s', '6s', '8s'],
  resolution: ['720p', '1080p', '4k'],
  generate_audio: 'boolean',
  negative_prompt: 'string',
  seed: 'integer',
  auto_fix: 'boolean',
  safety_tolerance: 'string',
} as const satisfies Readonly<Record<string, Rule>>;
const RAY = {
  '*prompt': 'string',
  aspect_ratio: 'string',
  duration: ['5s', '10s'],
  resolution: ['540p', '720p', '1080p'],
  loop: 'boolean',
  hdr: 'boolean',
  exr_export: 'boolean',
} as const satisfies Readonly<Record<string, Rule>>;

/**
 * Of some models what is known of their inputs. Of any other model every object is taken. Note how a duration is
 * written: as text with its unit, as a number, or as a text of digits, each model in its own way.
 */
export const FAL_MODELS: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  'fal-ai/veo3.1': VEO,
  'fal-ai/veo3.1/image-to-video': {
    ...VEO,
    '*image_url': 'string',
    aspect_ratio: ['16:9', '9:16', 'auto'],
  },
  'minimax/h3/text-to-video': {
    '*prompt': 'string',
    duration: 'number',
    resolution: 'string',
    aspect_ratio: 'string',
  },
  'luma/agent/ray/v3.2/text-to-video': RAY,
  'luma/agent/ray/v3.2/image-to-video': {
    ...RAY,
    image_url: 'string',
    end_image_url: 'string',
    keyframes: 'list',
    keyframe_indexes: 'list',
  },
  'fal-ai/ltx-2.3/text-to-video': {
    '*prompt': 'string',
    duration: [6, 8, 10],
    fps: [24, 25, 48, 50],
    resolution: ['1080p', '1440p', '2160p'],
  },
};

/** One thing that is wrong with an input, as FastAPI tells it. */
export interface Problem {
  readonly loc: readonly string[];
  readonly msg: string;
  readonly type: string;
}

/** What a model finds wrong with an input. The queue itself takes any: the model is asked when it is its turn. */
export function inputProblems(model: string, input: Readonly<Record<string, unknown>>): readonly Problem[] {
  const rules = Object.hasOwn(FAL_MODELS, model) ? FAL_MODELS[model] : undefined;
  return Object.entries(rules ?? {}).flatMap(([name, rule]) => {
    const field = name.replace('*', '');
    const loc = ['body', field];
    const value = input[field];
    if (value === undefined || value === null)
      return name === field ? [] : [{ loc, msg: 'Field required', type: 'missing' }];
    if (typeof rule === 'object') {
      if (rule.some((one) => one === value)) return [];
      const choices = rule.map((one) => (typeof one === 'string' ? `'${one}'` : one)).join(', ');
      return [{ loc, msg: `Input should be ${choices}`, type: 'literal_error' }];
    }
    if (fits(value, rule)) return [];
    return [{ loc, msg: `Input should be a valid ${rule}`, type: `${rule}_type` }];
  });
}

function fits(value: unknown, rule: Exclude<Rule, object>): boolean {
  if (rule === 'list') return Array.isArray(value);
  return rule === 'integer' ? Number.isInteger(value) : typeof value === rule;
}
