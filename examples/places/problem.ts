import type { ErrorRequestHandler, RequestHandler, Response } from 'express';

/** An error in a request, sent as JSON in the format of the performance API. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export function badRequest(message: string): Problem {
  return new Problem(400, 'BAD_REQUEST', message);
}

export function notFound(message: string): Problem {
  return new Problem(404, 'NOT_FOUND', message);
}

/** The last handler of a route: responds to all other methods with 405. */
export function only(...methods: readonly string[]): RequestHandler {
  return (request, response) => {
    response.setHeader('Allow', methods.join(', '));
    const message = `${request.method} is not allowed here, ${methods.join(' and ')} are.`;
    answer(response, new Problem(405, 'METHOD_NOT_ALLOWED', message));
  };
}

/** Responds to requests that no route has handled. */
export const noSuchRoute: RequestHandler = (_request, response) => {
  answer(response, notFound('There is no such route. GET / lists those that there are.'));
};

/** Responds to errors; the causes of internal failures go only to the console. */
// Express knows it by its four parameters.
export const answerError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) {
    next(error);
    return;
  }
  answer(response, error instanceof Problem ? error : problemOf(error));
};

/** Express, and its parser of bodies, mark what is wrong with the request itself. */
function problemOf(error: unknown): Problem {
  const { status, message } = error as { status?: unknown; message?: unknown };
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new Problem(status, 'BAD_REQUEST', String(message));
  }
  console.error(error);
  return new Problem(500, 'INTERNAL', 'The request failed.');
}

function answer(response: Response, { status, code, message }: Problem): void {
  response.status(status).json({ error: { code, message } });
}
