/** The series of instance types: the letters that a name begins with, and what they are for (facts §3.1). */

export const categories = ["general purpose", "compute optimized", "memory optimized", "storage optimized", "accelerated computing", "high-performance computing"] as const;
export type Category = (typeof categories)[number];

export interface SeriesFacts {
  readonly category: Category;
  readonly meaning: string;
  readonly uses: string;
}

function series(category: Category, meaning: string, uses: string): SeriesFacts {
  return { category, meaning, uses };
}

const allSeries: ReadonlyMap<string, SeriesFacts> = new Map([
  ["a", series("general purpose", "the first types with AWS's own Arm processor", "web servers and containers that scale out on Arm")],
  ["m", series("general purpose", "balanced: 4 GiB of memory for each vCPU", "application servers, small and middle databases, back ends of most kinds")],
  ["t", series("general purpose", "burstable: a baseline of each vCPU, and credits to go beyond it", "web sites, development, small services whose load comes and goes")],
  ["mac", series("general purpose", "a whole Apple machine", "building and testing software for Apple's systems")],
  ["c", series("compute optimized", "compute: 2 GiB of memory for each vCPU", "batch work, web servers under load, media encoding, game servers, scientific modelling")],
  ["cc", series("compute optimized", "cluster compute, of the first generations", "tightly coupled computing of its time")],
  ["r", series("memory optimized", "memory: 8 GiB for each vCPU", "databases, in-memory caches, analysis of data that stays in memory")],
  ["cr", series("memory optimized", "cluster compute with much memory, of the first generations", "in-memory databases of their time")],
  ["x", series("memory optimized", "much memory: 16 to 32 GiB for each vCPU", "large in-memory databases such as SAP HANA, electronic design automation")],
  ["u", series("memory optimized", "high memory: terabytes of it", "the largest in-memory databases, SAP HANA above all")],
  ["z", series("memory optimized", "high clock and 8 GiB of memory for each vCPU", "electronic design automation, databases licensed by the core")],
  ["d", series("storage optimized", "dense storage: many hard disks", "distributed file systems, data warehouses, logs")],
  ["h", series("storage optimized", "throughput of hard disks, with more vCPUs for each", "MapReduce, distributed file systems, Kafka")],
  ["hi", series("storage optimized", "high I/O, of the first generations", "NoSQL databases of their time")],
  ["hs", series("storage optimized", "high storage, of the first generations", "data warehouses of their time")],
  ["i", series("storage optimized", "input and output: fast local SSDs", "NoSQL databases, search engines, transaction processing")],
  ["im", series("storage optimized", "local SSDs with 4 GiB of memory for each vCPU", "file systems, search engines and databases that live on local disks")],
  ["is", series("storage optimized", "local SSDs with 6 GiB of memory for each vCPU, the most storage for a vCPU", "stream processing, distributed file systems, real-time databases")],
  ["p", series("accelerated computing", "GPUs for training and computing", "training of large models, simulation on GPUs")],
  ["g", series("accelerated computing", "GPUs for graphics and inference", "rendering, remote workstations, game streaming, inference")],
  ["gr", series("accelerated computing", "GPUs for graphics with twice the memory", "rendering and workstations that need much memory")],
  ["cg", series("accelerated computing", "cluster GPU, of the first generations", "computing on GPUs of its time")],
  ["trn", series("accelerated computing", "AWS Trainium", "training of models at a lower price than on GPUs")],
  ["inf", series("accelerated computing", "AWS Inferentia", "inference at a lower price than on GPUs")],
  ["dl", series("accelerated computing", "accelerators for deep learning of other makers", "training and inference of deep learning models")],
  ["f", series("accelerated computing", "FPGAs", "genomics, financial analysis, hardware that is programmed for one task")],
  ["vt", series("accelerated computing", "video transcoding", "live video at many resolutions")],
  ["hpc", series("high-performance computing", "high-performance computing: all cores, no hyper-threads, a fast network", "fluid dynamics, weather models, molecular dynamics, other tightly coupled work")],
]);

export function findSeries(letters: string): SeriesFacts | undefined {
  return allSeries.get(letters);
}
