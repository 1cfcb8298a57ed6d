import 'reelwire';
import 'reelwire/backends';
import 'reelwire/mock-server';
import 'reelwire/mock-server/msw';
import 'reelwire/react';
import 'reelwire/webhooks';
import 'reelwire/webhooks/node';
import 'reelwire/webhooks/testing';
