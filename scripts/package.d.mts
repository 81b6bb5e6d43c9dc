export function build(): Promise<void>;
export function ensureBuilt(): Promise<void>;
export function pack(destination: string): Promise<string>;
