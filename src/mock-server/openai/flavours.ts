import { azure } from './azure.js';
import { fastVideo } from './fastvideo.js';
import type { Flavour } from './flavour.js';
import { inworld } from './inworld.js';
import { liteLLM } from './litellm.js';
import type { MockOpenAIFlavour } from './names.js';
import { newAPI, newAPIRc30 } from './new-api.js';
import { openAI } from './openai.js';
import { sglang } from './sglang.js';
import { tensorRT } from './tensorrt-llm.js';
import { vllmOmni } from './vllm-omni.js';

export const FLAVOURS: Readonly<Record<MockOpenAIFlavour, Flavour>> = {
  openai: openAI,
  'vllm-omni': vllmOmni,
  sglang,
  'tensorrt-llm': tensorRT,
  fastvideo: fastVideo,
  litellm: liteLLM,
  'new-api': newAPI,
  'new-api-rc30': newAPIRc30,
  inworld,
  azure,
};
