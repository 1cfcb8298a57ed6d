import { basename } from 'node:path';
import { InputError } from '../index.js';
import { MAX_INPUT_BYTES, readInputFile, readStdin, textOf } from './files.js';
import type { BackendName } from './names.js';

export interface InputFlags {
  readonly input?: string;
  readonly image?: readonly string[];
  readonly wallet?: string | undefined;
  readonly webhookUrl?: string | undefined;
  readonly model?: string | undefined;
}

type Fields = Record<string, unknown>;

const HINT = { hint: 'Give what else the model takes in a file: --input video.json.' };

/** More than any model reads. */
const MAX_PROMPT_BYTES = 1024 * 1024;

const NAMES = { wallet: '--wallet', webhookUrl: '--webhook-url', model: '--model' } as const;
type Name = keyof typeof NAMES;
const OPTIONS = Object.keys(NAMES) as Name[];

/** Which of these options each backend makes something of. */
const TAKEN: Readonly<Record<BackendName, readonly Name[]>> = {
  soraGateway: ['wallet'],
  vidBuilder: ['webhookUrl'],
  openAIVideos: ['model'],
  openRouter: ['model'],
  replicate: ['model'],
  runway: ['model'],
  xai: ['model'],
  fal: ['model', 'webhookUrl'],
  comfyUI: [],
};

/**
 * Refuses an option that the backend would leave aside. A variable of the environment may be there for another one.
 *
 * @throws InputError that names it.
 */
export function checkTaken(backend: BackendName, flags: InputFlags): void {
  for (const name of OPTIONS) {
    if (flags[name] === undefined || TAKEN[backend].includes(name)) continue;
    throw new InputError(NAMES[name], `the backend ${backend} takes no ${NAMES[name]}`, {
      hint: 'Leave it out, or give it by the name that the server has for it: --input video.json.',
    });
  }
}

/** What `generate` takes with this backend; the client checks the fields themselves. */
export async function readInput(
  backend: BackendName,
  prompt: string | undefined,
  flags: InputFlags,
  signal?: AbortSignal,
): Promise<Fields> {
  if (prompt === undefined && flags.input === undefined) {
    throw new InputError('prompt', 'there is nothing to generate', {
      hint: 'Give a prompt, such as reelwire generate "Explain blockchain", or --input file.json.',
    });
  }
  if (prompt === '-' && flags.input === '-') {
    throw new InputError('--input', 'the prompt and --input cannot both be read from stdin');
  }
  const fields = flags.input === undefined ? {} : await readFields(flags.input, signal);
  const images = await readImages(flags.image ?? []);
  const words = prompt === '-' && backend !== 'vidBuilder' ? await readPrompt(signal) : prompt;
  return FORMS[backend](fields, words, images, flags);
}

type Form = (
  fields: Fields,
  prompt: string | undefined,
  images: readonly File[],
  flags: InputFlags,
) => Fields;

const FORMS: Readonly<Record<BackendName, Form>> = {
  soraGateway(fields, prompt, images, { wallet }) {
    if (images.length > 0) throw new InputError('--image', 'the backend soraGateway takes no images');
    const walletAddress = fields.walletAddress ?? wallet;
    const paid = walletAddress === undefined ? {} : { walletAddress };
    // A script is paid for by a wallet; without one it is a question.
    const form = walletAddress === undefined ? 'scriptOrQuestion' : 'script';
    return { ...fields, ...paid, ...(prompt !== undefined && { [form]: prompt }) };
  },
  vidBuilder(fields, prompt, images, { webhookUrl }) {
    if (prompt !== undefined) {
      throw new InputError('prompt', 'the backend vidBuilder takes scenes, not a prompt', {
        hint: 'Give them in a file: --input video.json, with {"scenes": [{"type": …, "duration": …, "content": {…}}]}.',
      });
    }
    const told = webhookUrl === undefined ? {} : { webhookUrl };
    return { ...told, ...fields, ...(images.length > 0 && { images }) };
  },
  openRouter(fields, prompt, images, { model }) {
    if (images.length > 2) throw new InputError('--image', 'the backend openRouter takes two images', HINT);
    const frames = images.map((file, index) => ({
      ...{ type: 'image_url', image_url: { url: file } },
      frame_type: index === 0 ? 'first_frame' : 'last_frame',
    }));
    return {
      ...(model !== undefined && { model }),
      ...fields,
      ...(prompt !== undefined && { prompt }),
      ...(frames.length > 0 && { frame_images: frames }),
    };
  },
  replicate(fields, prompt, images, { model }) {
    if (images.length > 1) throw new InputError('--image', 'the backend replicate takes one image', HINT);
    const [image] = images;
    const given = fields.input ?? {};
    // What else it may be, the client says.
    const isObject = typeof given === 'object' && !Array.isArray(given);
    const input = { ...(prompt !== undefined && { prompt }), ...(image !== undefined && { image }) };
    return {
      ...(model !== undefined && { model }),
      ...fields,
      input: isObject ? { ...given, ...input } : given,
    };
  },
  runway(fields, prompt, images, { model }) {
    if (images.length > 2) throw new InputError('--image', 'the backend runway takes two images', HINT);
    const frames = images.map((uri, index) => ({ uri, position: index === 0 ? 'first' : 'last' }));
    return {
      ...(model !== undefined && { model }),
      ...fields,
      ...(prompt !== undefined && { promptText: prompt }),
      ...(frames.length > 0 && { promptImage: frames.length === 1 ? images[0] : frames }),
    };
  },
  xai(fields, prompt, images, { model }) {
    if (images.length > 2) throw new InputError('--image', 'the backend xai takes two images', HINT);
    const [first, last] = images;
    return {
      ...(model !== undefined && { model }),
      ...fields,
      ...(prompt !== undefined && { prompt }),
      ...(first !== undefined && { image: { url: first } }),
      ...(last !== undefined && { last_frame: { url: last } }),
    };
  },
  fal(fields, prompt, images, { model, webhookUrl }) {
    if (images.length > 1) throw new InputError('--image', 'the backend fal takes one image', HINT);
    const [image] = images;
    const given = fields.input ?? {};
    const isObject = typeof given === 'object' && !Array.isArray(given);
    const input = {
      ...(prompt !== undefined && { prompt }),
      ...(image !== undefined && { image_url: image }),
    };
    return {
      ...(model !== undefined && { model }),
      ...(webhookUrl !== undefined && { webhookUrl }),
      ...fields,
      input: isObject ? { ...given, ...input } : given,
    };
  },
  comfyUI(fields, prompt, images) {
    if (prompt !== undefined || images.length > 0)
      throw new InputError('prompt', 'the backend comfyUI takes a workflow, not a prompt or images', {
        hint: 'Give it in a file: --input workflow_api.json, which File → Export (API) of ComfyUI writes.',
      });
    // The file that ComfyUI exports, or one that has it beside other fields.
    const { workflow } = fields;
    const isWhole = typeof workflow === 'object' && workflow !== null && !('class_type' in workflow);
    return isWhole ? fields : { workflow: fields };
  },
  openAIVideos(fields, prompt, images, { model }) {
    if (images.length > 1) throw new InputError('--image', 'the backend openAIVideos takes one image');
    const [reference] = images;
    return {
      ...(model !== undefined && { model }),
      ...fields,
      ...(prompt !== undefined && { prompt }),
      ...(reference !== undefined && { input_reference: reference }),
    };
  },
};

/** A prompt from stdin, without the line break at its end. */
async function readPrompt(signal: AbortSignal | undefined): Promise<string> {
  const prompt = textOf(await readStdin(signal, MAX_PROMPT_BYTES)).replace(/\r?\n$/, '');
  if (prompt.trim() === '') throw new InputError('prompt', 'the prompt that stdin holds is empty');
  return prompt;
}

async function readFields(path: string, signal: AbortSignal | undefined): Promise<Fields> {
  const text = textOf(await (path === '-' ? readStdin(signal) : readInputFile('--input', path)));
  const where = path === '-' ? 'stdin' : path;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError('--input', `--input: ${where} is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new InputError('--input', `--input: ${where} must hold a JSON object`);
}

/** One after the other: all of them together stay below the limit. */
async function readImages(paths: readonly string[]): Promise<File[]> {
  const images: File[] = [];
  let left = MAX_INPUT_BYTES;
  for (const path of paths) {
    const bytes = await readInputFile('--image', path, left);
    left -= bytes.byteLength;
    images.push(new File([new Uint8Array(bytes)], basename(path)));
  }
  return images;
}
