import { build } from './package.mjs';
import { writePage } from './page.mjs';

await writePage()
  .then(build)
  .catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
