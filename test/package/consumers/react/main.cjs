const { createElement, StrictMode, version } = require('react');
const { renderToString } = require('react-dom/server');
const { VideoClient } = require('reelwire');
const { useGenerateVideo, useVideoJob } = require('reelwire/react');

let requests = 0;
const client = new VideoClient({
  baseUrl: 'http://localhost:3001',
  fetch: () => Promise.reject(new Error(`request ${++requests}`)),
});

function Job({ id }) {
  const { snapshot, error, transport } = useVideoJob(client, id);
  const { generate, job } = useGenerateVideo(client);
  const known = [snapshot, error, transport, job].filter((value) => value !== undefined).length;
  return createElement('p', null, `${id}: ${known} known, generate is a ${typeof generate}`);
}

const html = renderToString(createElement(StrictMode, null, createElement(Job, { id: 'job-1' })));
console.log(JSON.stringify({ version, html, requests }));
