'use strict';

/*
 * Preloaded for the examples of the documentation: their fixed ports may be in use here. Servers get a
 * free port, and connections to Redis go to the server of the test.
 */
const net = require('node:net');

const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, typeof port === 'number' ? 0 : port, ...rest);
};

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  // `net.connect` passes its arguments as one normalized array.
  const [options] = Array.isArray(args[0]) ? args[0] : args;
  if (Number(options?.port) === 6379) options.port = Number(process.env.BLOCK_REDIS_PORT);
  return connect.apply(this, args);
};
