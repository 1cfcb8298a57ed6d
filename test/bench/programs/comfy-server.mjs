// A ComfyUI whose WebSocket does not get through: comfy-server.mjs <'black hole' | 'refused'>
import { createMockServer } from '../../../dist/esm/mock-server/index.js';

const [fault] = process.argv.slice(2);
const type = fault === 'black hole' ? 'stall' : 'refuse';
const server = await createMockServer({ manual: true, faults: [{ type, route: 'websocket' }] });
server.jobs.create({ dialect: 'comfyUI', id: 'job' }).advance({ status: 'processing', progress: 40 });
process.send(server.urlOf('comfyui'));
