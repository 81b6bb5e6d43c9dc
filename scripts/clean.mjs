import { rm } from 'node:fs/promises';

await Promise.all(['dist', 'build'].map((folder) => rm(folder, { recursive: true, force: true })));
