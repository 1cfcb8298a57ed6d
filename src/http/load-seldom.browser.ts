// Async, for the `import()` of a bundler throws at once where it cannot load scripts.
export const loadSeldom = async () => import('./seldom.js');
