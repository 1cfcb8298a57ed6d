/** The dialects that the mock server speaks, all at once, by the names of their backends. */
export const DIALECT_NAMES = [
  'soraGateway',
  'vidBuilder',
  'openAIVideos',
  'openRouter',
  'replicate',
  'runway',
  'xai',
  'fal',
  'comfyUI',
] as const;

/** One of them, such as `soraGateway`. */
export type MockDialect = (typeof DIALECT_NAMES)[number];

/** One of them, in lower case: what `urlOf` takes, and the first part of the path at which it is. */
export type MockMount = Lowercase<MockDialect>;

export function mountOf(dialect: MockDialect): MockMount {
  return dialect.toLowerCase() as MockMount;
}
