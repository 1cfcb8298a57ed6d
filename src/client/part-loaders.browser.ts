// Async, for the `import()` of a bundler throws at once where it cannot load scripts, as webpack's in a worker.
export const loaders = {
  diagnose: async () => import('./diagnose.js'),
  download: async () => import('./download.js'),
  following: async () => import('./follower.js'),
  generateMany: async () => import('./generate-many.js'),
  sse: async () => import('../transports/sse.js'),
};
