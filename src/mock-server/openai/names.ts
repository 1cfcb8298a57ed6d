/** The servers of the dialect of `openAIVideos` that the mock can play. */
export const OPENAI_FLAVOURS = [
  ...(['openai', 'vllm-omni', 'sglang', 'tensorrt-llm', 'fastvideo'] as const),
  ...(['litellm', 'new-api', 'new-api-rc30', 'inworld', 'azure'] as const),
] as const;

/** One of them; `openai` is the API as its maker documents it. */
export type MockOpenAIFlavour = (typeof OPENAI_FLAVOURS)[number];
