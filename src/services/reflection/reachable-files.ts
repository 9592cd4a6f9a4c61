import type { DescFile } from "@bufbuild/protobuf";

/**
 * The given files and all that they import, directly or not, each name once. A file stands before the files it
 * imports, so a single root stands first, and the reverse is the order that a FileDescriptorSet must have.
 */
export function reachableFiles(roots: Iterable<DescFile>): readonly DescFile[] {
  const seen = new Set<string>();
  const importsFirst: DescFile[] = [];
  function visit(file: DescFile): void {
    if (!seen.has(file.proto.name)) {
      seen.add(file.proto.name);
      file.dependencies.forEach(visit);
      importsFirst.push(file);
    }
  }
  for (const root of roots) {
    visit(root);
  }
  return importsFirst.reverse();
}
