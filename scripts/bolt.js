// The peer of BenchmarkSlackAcknowledgement: @slack/bolt's HTTP receiver, which
// verifies the signature, answers, and stores nothing.
const { App, HTTPReceiver } = require('@slack/bolt');

const [port, signingSecret] = process.argv.slice(2);
const receiver = new HTTPReceiver({ signingSecret, endpoints: ['/slack/events'], logLevel: 'error' });
const app = new App({
  receiver,
  logLevel: 'error',
  authorize: async () => ({ botToken: 'xoxb-1', botId: 'B0', botUserId: 'U0INTERLOCK' }),
});
app.event('app_mention', async () => {});
receiver.start({ port: Number(port), host: '127.0.0.1' });
