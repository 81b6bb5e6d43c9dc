import { bearerToken } from 'aurora-cache/http';

const asking = (authorization?: string): Request =>
  new Request('http://localhost/', {
    headers: authorization === undefined ? {} : { authorization },
  });

describe('bearerToken', () => {
  it('allows only requests with the token', async () => {
    const authorize = bearerToken('secret');
    expect(await authorize(asking('Bearer secret'))).toBe(true);
    expect(await authorize(asking('bearer  secret'))).toBe(true);
    for (const header of [undefined, '', 'secret', 'Bearer', 'Bearer ', 'Basic secret']) {
      expect(await authorize(asking(header))).toBe(false);
    }
    for (const header of ['Bearer secre', 'Bearer secrets', 'Bearer SECRET', 'Bearer secret x']) {
      expect(await authorize(asking(header))).toBe(false);
    }
  });

  it('calls a function each time, and allows no request without a token', async () => {
    let token: string | undefined;
    const authorize = bearerToken(() => token);
    expect(await authorize(asking('Bearer undefined'))).toBe(false);
    token = '';
    expect(await authorize(asking('Bearer '))).toBe(false);
    token = 'new';
    expect(await authorize(asking('Bearer new'))).toBe(true);
  });

  it('refuses what is no token, without repeating it', () => {
    expect(() => bearerToken('')).toThrow('bearerToken: token must be a non-empty string');
    expect(() => bearerToken(4711 as never)).toThrow(/got 'number'/);
  });
});
