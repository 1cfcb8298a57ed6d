/** The type of a field, the values it may have, or a whole number from the first to the second. */
export type RunwayRule =
  | 'string'
  | 'boolean'
  | 'object'
  | 'list'
  | readonly (string | number)[]
  | RunwayRange;

export interface RunwayRange {
  readonly from: number;
  readonly to: number;
  /** Besides numbers. */
  readonly or?: string;
}

export type RunwayTaskName = 'text_to_video' | 'image_to_video' | 'video_to_video';

/** What a model takes: those in `required` have to be there, and no field that is in neither may. */
export interface RunwayModelRow {
  readonly tasks: readonly RunwayTaskName[];
  /** Besides `model`, and what a task itself needs: `promptImage`, or the video. */
  readonly required: readonly string[];
  readonly fields: Readonly<Record<string, RunwayRule>>;
  /** Ratios that only `image_to_video` has, too. */
  readonly imageRatios?: readonly string[];
  /** What `video_to_video` calls the video. */
  readonly video?: 'videoUri' | 'promptVideo';
  /** The longest prompt, in UTF-16 units. */
  readonly promptLength: number;
  /** A credit is a hundredth of a US dollar. */
  readonly creditsPerSecond: number;
}

const SEED: RunwayRange = { from: 0, to: 4_294_967_295 };
const VEO: Omit<RunwayModelRow, 'creditsPerSecond'> = {
  tasks: ['text_to_video', 'image_to_video'],
  required: ['ratio'],
  promptLength: 1_000,
  fields: {
    promptText: 'string',
    ratio: ['1280:720', '720:1280', '1920:1080', '1080:1920'],
    duration: [4, 6, 8],
    audio: 'boolean',
    negativePrompt: 'string',
    seed: SEED,
  },
};

/** Some of the models that the service has; it answers 400 to any other. */
export const RUNWAY_MODELS: Readonly<Record<string, RunwayModelRow>> = {
  'gen4.5': {
    tasks: ['text_to_video', 'image_to_video'],
    required: ['promptText', 'ratio', 'duration'],
    promptLength: 1_000,
    imageRatios: ['1104:832', '960:960', '832:1104', '1584:672'],
    creditsPerSecond: 12,
    fields: {
      promptText: 'string',
      ratio: ['1280:720', '720:1280'],
      duration: { from: 2, to: 10 },
      seed: SEED,
      contentModeration: 'object',
      outputFormat: ['mp4', 'prores', 'png_sequence'],
      proresProfile: 'string',
    },
  },
  gen4_turbo: {
    tasks: ['image_to_video'],
    required: ['ratio'],
    promptLength: 1_000,
    creditsPerSecond: 5,
    fields: {
      promptText: 'string',
      ratio: ['1280:720', '720:1280', '1104:832', '832:1104', '960:960', '1584:672'],
      duration: { from: 2, to: 10 },
      seed: SEED,
      contentModeration: 'object',
    },
  },
  'veo3.1': { ...VEO, creditsPerSecond: 40 },
  'veo3.1_fast': { ...VEO, creditsPerSecond: 15 },
  seedance2_5: {
    tasks: ['text_to_video', 'image_to_video', 'video_to_video'],
    required: [],
    promptLength: 15_000,
    video: 'promptVideo',
    creditsPerSecond: 20,
    fields: {
      promptText: 'string',
      ratio: [
        '1280:720',
        '720:1280',
        '960:960',
        '1112:834',
        '834:1112',
        '1470:630',
        '1920:1080',
        '1080:1920',
      ],
      duration: { from: 4, to: 30, or: 'auto' },
      audio: 'boolean',
      references: 'list',
      referenceVideos: 'list',
      referenceAudio: 'list',
      seed: SEED,
    },
  },
  gemini_omni_flash: {
    tasks: ['text_to_video', 'image_to_video', 'video_to_video'],
    required: [],
    promptLength: 1_000,
    video: 'videoUri',
    creditsPerSecond: 10,
    fields: {
      promptText: 'string',
      ratio: ['1280:720', '720:1280'],
      duration: { from: 2, to: 10 },
      references: 'list',
    },
  },
  aleph2: {
    tasks: ['video_to_video'],
    required: [],
    promptLength: 1_000,
    video: 'videoUri',
    creditsPerSecond: 15,
    fields: {
      promptText: 'string',
      ratio: 'string',
      seed: SEED,
      contentModeration: 'object',
      keyframes: 'list',
      outputFormat: ['mp4', 'prores', 'png_sequence'],
      proresProfile: 'string',
      targetAspectRatio: ['16:9', '4:3', '3:2', '1:1', '2:3', '3:4', '9:16', '21:9'],
    },
  },
};
