import { build } from './package.mjs';

await build().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
