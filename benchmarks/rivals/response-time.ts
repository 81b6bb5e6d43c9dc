import type { RequestListener } from 'node:http';
import responseTime from 'response-time';

const time = responseTime();

/** A listener behind the rival's middleware. */
export const timed =
  (listener: RequestListener): RequestListener =>
  (request, response) => {
    time(request, response, () => void listener(request, response));
  };
