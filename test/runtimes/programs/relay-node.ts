import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { attachRelay, toNodeListener } from 'reelwire/relay/node';
import { answer, createSite } from './relay-site.js';

/** A relay on node:http. */
const relay = createSite(JSON.parse(String(process.argv[2])));
const server = createServer(toNodeListener((request) => answer(relay, request)));
attachRelay(server, relay);
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
