export * from './web-crypto.js';
