import { build } from 'esbuild';
// Polyfills, workers and parts that need a desktop: the page does not use them.
const stub = 'class Stub { postMessage() {} addEventListener() {} terminate() {} }; Stub.default = Stub; module.exports = Stub;';
const empty = { name: 'empty', setup(b) {
  b.onResolve({ filter: /^core-js|worker|electron|agora-rdc|^ali-oss$|\.node$/ }, (a) => ({ path: a.path, namespace: 'empty' }));
  b.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: stub }));
} };
await build({ entryPoints: ['entry.js'], bundle: true, format: 'iife', outfile: 'bundle.js', logLevel: 'error', logLimit: 8,
  mainFields: ['module', 'main'], plugins: [empty], define: { 'process.env.NODE_ENV': '"production"', global: 'window',
    EDU_SDK_VERSION: '"2.8.101"', RTE_SDK_VERSION: '"2.8.101"' } });
