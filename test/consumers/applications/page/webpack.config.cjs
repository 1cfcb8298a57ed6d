const { join } = require('node:path');

module.exports = {
  mode: 'production',
  target: 'web',
  entry: join(__dirname, 'page.mjs'),
  output: { path: join(__dirname, process.env.OUT), publicPath: '/' },
  performance: { hints: 'error', maxAssetSize: 200_000, maxEntrypointSize: 200_000 },
  // As webpack 4 resolves.
  ...(process.env.OUT === 'webpack-4' && {
    resolve: { exportsFields: [], mainFields: ['browser', 'module', 'main'] },
    module: { rules: [{ test: /\.m?js$/, resolve: { fullySpecified: false } }] },
  }),
};
