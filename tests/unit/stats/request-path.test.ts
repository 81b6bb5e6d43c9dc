import { maskedPath } from '../../../src/stats/request-path.js';

describe('the path of a request whose route is not known', () => {
  it.each([
    ['/', '/'],
    ['/stream?token=secret#x', '/stream'],
    ['/reset-password/Zm9vYmFy', '/reset-password/:param'],
    ['/reset-password/hunter', '/reset-password/:param'],
    ['/api/v1/users/alice/posts', '/api/v1/users/:param/:param'],
    ['/favicon.ico', '/favicon.ico'],
    ['/550e8400-e29b-41d4-a716-446655440000', '/:param'],
    ['/dGhpc2lzYXRva2Vu', '/:param'],
    ['/abcdefghijklmnopqrstuvwxyz', '/:param'],
    ['/users%2Falice', '/:param'],
    ['http://user:pw@host/users/7', '/users/:param'],
    ['//host/users/7', '/host/:param/:param'],
    ['/a\r\nb', '/:param'],
    [`/x${'/y'.repeat(1000)}`, `/x${'/:param'.repeat(7)}/…`],
    ['', '/'],
  ])('%s is shown as %s', (url, expected) => {
    expect(maskedPath(url)).toBe(expected);
  });
});
