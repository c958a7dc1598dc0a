/** A file system that fails at chosen operations. */
import type { FileIo } from '../../src/data/file-io.ts';
import { nodeFileIo } from '../../src/data/file-io.ts';

export interface FaultIo {
  readonly io: FileIo;
  /** Operations so far. */
  count(): number;
}

/** `shouldFail` gets the number of the operation, from 1, and its name. A failing write leaves half of its bytes, as a full disk does. */
export function faultIo(
  code: string,
  shouldFail: (operation: number, name: string) => boolean,
): FaultIo {
  let operations = 0;
  const io = Object.fromEntries(
    Object.entries(nodeFileIo).map(([name, method]) => [
      name,
      (...args: unknown[]): unknown => {
        operations += 1;
        if (shouldFail(operations, name)) {
          if (name === 'write') {
            const bytes = args[1] as Uint8Array;
            nodeFileIo.write(args[0] as number, bytes.subarray(0, bytes.length >> 1));
          }
          // The system gives the descriptor back even when close reports an error.
          if (name === 'close') nodeFileIo.close(args[0] as number);
          throw Object.assign(new Error(`${code}: injected into ${name}`), { code });
        }
        return (method as (...values: unknown[]) => unknown)(...args);
      },
    ]),
  ) as unknown as FileIo;
  return { io, count: () => operations };
}
