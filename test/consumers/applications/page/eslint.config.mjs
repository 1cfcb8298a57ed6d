import { createRequire } from 'node:module';

const imports = createRequire(`${process.env.TOOLS}/`)('eslint-plugin-import');

export default [
  {
    plugins: { import: imports },
    settings: { 'import/resolver': { node: { extensions: ['.js', '.mjs'] } } },
    rules: { 'import/no-unresolved': 'error' },
  },
];
