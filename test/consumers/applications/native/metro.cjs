// node metro.cjs: bundles main.js as the command line of React Native does, and says what went into it.
const { join } = require('node:path');
const Metro = require(`${process.env.TOOLS}/metro`);

async function bundle() {
  const config = await Metro.loadConfig(
    { cwd: __dirname, resetCache: true },
    {
      projectRoot: __dirname,
      watchFolders: [join(__dirname, '..'), join(process.env.TOOLS, 'metro-runtime')],
      cacheStores: [],
      maxWorkers: 1,
      reporter: { update() {} },
      resolver: {
        useWatchman: false,
        // Applications have it with React Native.
        extraNodeModules: { 'metro-runtime': join(process.env.TOOLS, 'metro-runtime') },
        // As @react-native/metro-config has them.
        resolverMainFields: ['react-native', 'browser', 'main'],
        unstable_conditionNames: ['react-native'],
      },
      transformer: {
        getTransformOptions: async () => ({ transform: { experimentalImportSupport: true } }),
      },
    },
  );
  const out = join(__dirname, 'bundle.js');
  const { map } = await Metro.runBuild(config, {
    entry: 'main.js',
    platform: 'ios',
    dev: false,
    minify: false,
    out,
  });
  const { sources } = JSON.parse(map);
  console.log(JSON.stringify(sources.filter((source) => source.includes('node_modules/reelwire/'))));
}

bundle();
