import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { cached, CacheManager } from 'aurora-cache';
import ts from 'typescript';

/** The program in docs/metrics.md that makes spans of loads. */
function documented(): string {
  const page = readFileSync(join(__dirname, '../../../docs/metrics.md'), 'utf8');
  const blocks = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);
  const [code, ...others] = blocks.filter((block) => block.includes('startSpan'));
  expect(others).toEqual([]);
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
  return ts.transpileModule(code ?? '', { compilerOptions }).outputText;
}

it('the documented subscribers make spans of loads, below those of their callers', async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- our own page
  const run = new Function('require', 'exports', documented()) as (...given: unknown[]) => void;
  run(require, {});

  const cache = new CacheManager({ name: 'users' });
  const find = cached((id: string) => Promise.resolve(id), { name: 'find', cache });
  await trace.getTracer('test').startActiveSpan('request', async (span) => {
    await Promise.all([find('secret'), find('secret')]);
    await find('secret');
    span.end();
  });
  await cache.getOrSet('bad', () => Promise.reject(new Error('no'))).catch(() => undefined);
  await provider.forceFlush();

  const spans = exporter.getFinishedSpans();
  const request = spans.find(({ name }) => name === 'request');
  const loads = spans.filter(({ name }) => name === 'cache load');
  expect(loads.map(({ attributes, status }) => [attributes, status.code])).toEqual([
    [
      { 'cache.name': 'users', 'code.function.name': 'find', 'cache.outcome': 'loaded' },
      SpanStatusCode.UNSET,
    ],
    [{ 'cache.name': 'users', 'cache.outcome': 'failed' }, SpanStatusCode.ERROR],
  ]);
  expect(request).toBeDefined();
  expect(loads[0]?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
});
