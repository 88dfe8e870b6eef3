/** Kinds of work that an instance may be for, found by the words that people use for them, and what each wants of a type. */
import type { Category } from "../../compute/instance-types/series.ts";

export interface Workload {
  readonly name: string;
  /** Words of a request that mean it, in lower case. */
  readonly words: readonly string[];
  readonly categories: readonly Category[];
  /** The memory that it wants for each vCPU. */
  readonly gibPerVcpu: number;
  readonly localDisks?: "ssd" | "hdd";
  /** How much its speed hangs on the network and on volumes: 1 is usual. */
  readonly network: number;
  readonly volumes: number;
  /** Kinds of accelerators without which it makes no sense. */
  readonly accelerators?: readonly ("gpu" | "neuron" | "fpga" | "media")[];
  /** Its load comes and goes, so that credits suit it. */
  readonly bursts?: true;
  readonly highClock?: true;
  readonly why: string;
}

export const workloads: readonly Workload[] = [
  {
    name: "search and log indexing",
    words: ["elasticsearch", "opensearch", "elastic", "solr", "lucene", "search", "splunk", "logging"],
    categories: ["storage optimized", "memory optimized"],
    gibPerVcpu: 8,
    localDisks: "ssd",
    network: 1.5,
    volumes: 1,
    why: "indexing reads and writes much at random, and half of the memory serves as its cache",
  },
  {
    name: "NoSQL database",
    words: ["cassandra", "scylla", "scylladb", "mongodb", "mongo", "aerospike", "couchbase", "nosql", "rocksdb", "clickhouse", "druid"],
    categories: ["storage optimized", "memory optimized"],
    gibPerVcpu: 8,
    localDisks: "ssd",
    network: 1.5,
    volumes: 1,
    why: "replicas make local disks safe enough, and these answer fastest",
  },
  {
    name: "relational database",
    words: ["postgres", "postgresql", "mysql", "mariadb", "oracle", "sqlserver", "mssql", "database", "db", "oltp"],
    categories: ["memory optimized", "general purpose"],
    gibPerVcpu: 8,
    network: 1,
    volumes: 2,
    why: "its working set belongs into memory, and its files on volumes that outlive the instance",
  },
  {
    name: "cache in memory",
    words: ["redis", "valkey", "memcached", "cache", "hazelcast", "ignite"],
    categories: ["memory optimized"],
    gibPerVcpu: 8,
    network: 2,
    volumes: 0.5,
    why: "it is bound by memory and by packets, hardly by processors",
  },
  {
    name: "large database in memory",
    words: ["hana", "sap", "s4hana", "in-memory"],
    categories: ["memory optimized"],
    gibPerVcpu: 16,
    network: 1,
    volumes: 2,
    why: "all of its data is in memory, and is written to volumes quickly",
  },
  {
    name: "message broker",
    words: ["kafka", "pulsar", "rabbitmq", "nats", "streaming", "redpanda"],
    categories: ["storage optimized", "general purpose"],
    gibPerVcpu: 4,
    network: 2,
    volumes: 1.5,
    why: "it moves everything over the network once for each replica and reader",
  },
  {
    name: "distributed file system and batch over disks",
    words: ["hadoop", "hdfs", "mapreduce", "warehouse", "archive", "ceph", "lustre", "backup"],
    categories: ["storage optimized"],
    gibPerVcpu: 8,
    localDisks: "hdd",
    network: 1.5,
    volumes: 0.5,
    why: "it reads much in sequence, which many hard disks do for less",
  },
  {
    name: "analysis of data",
    words: ["spark", "presto", "trino", "analytics", "etl", "pandas", "flink"],
    categories: ["memory optimized", "general purpose"],
    gibPerVcpu: 8,
    network: 1.5,
    volumes: 1,
    why: "it holds its data in memory between its steps and shuffles them over the network",
  },
  {
    name: "web and application server",
    words: ["web", "nginx", "apache", "api", "wordpress", "rails", "django", "node", "php", "tomcat", "java", "microservices", "microservice", "kubernetes", "k8s", "containers", "app", "frontend", "backend"],
    categories: ["general purpose", "compute optimized"],
    gibPerVcpu: 4,
    network: 1,
    volumes: 0.5,
    why: "its requests need processors and memory in about equal measure",
  },
  {
    name: "development and small services",
    words: ["dev", "development", "test", "staging", "bastion", "jump", "blog", "vpn", "dns", "monitoring", "small"],
    categories: ["general purpose"],
    gibPerVcpu: 4,
    network: 0.5,
    volumes: 0.5,
    bursts: true,
    why: "it idles most of the time",
  },
  {
    name: "builds and batch computing",
    words: ["ci", "build", "builds", "jenkins", "compile", "compiler", "batch", "simulation", "modelling", "modeling", "monte-carlo", "ray"],
    categories: ["compute optimized"],
    gibPerVcpu: 2,
    network: 0.5,
    volumes: 1,
    why: "it uses all processors it gets, and little memory for each",
  },
  {
    name: "media encoding",
    words: ["encoding", "ffmpeg", "transcode", "transcoding", "video", "media"],
    categories: ["compute optimized", "accelerated computing"],
    gibPerVcpu: 2,
    network: 1,
    volumes: 0.5,
    why: "it is bound by processors",
  },
  {
    name: "game server",
    words: ["game", "games", "gaming", "minecraft"],
    categories: ["compute optimized"],
    gibPerVcpu: 2,
    network: 1,
    volumes: 0.5,
    highClock: true,
    why: "one thread decides how fast its world turns",
  },
  {
    name: "network appliance",
    words: ["firewall", "router", "proxy", "haproxy", "envoy", "loadbalancer", "load-balancer", "nfv", "packet", "gateway"],
    categories: ["compute optimized", "general purpose"],
    gibPerVcpu: 2,
    network: 3,
    volumes: 0.3,
    why: "it is bound by the network",
  },
  {
    name: "high-performance computing",
    words: ["hpc", "mpi", "cfd", "openfoam", "weather", "molecular", "gromacs", "fluid"],
    categories: ["high-performance computing", "compute optimized"],
    gibPerVcpu: 4,
    network: 3,
    volumes: 0.3,
    why: "its processes wait for each other over the network",
  },
  {
    name: "training of models",
    words: ["training", "train", "llm", "deep-learning", "pytorch", "tensorflow", "cuda"],
    categories: ["accelerated computing"],
    gibPerVcpu: 8,
    network: 2,
    volumes: 0.5,
    accelerators: ["gpu", "neuron"],
    why: "it is bound by accelerators and their memory",
  },
  {
    name: "inference",
    words: ["inference", "serving", "llama", "whisper", "embedding", "embeddings"],
    categories: ["accelerated computing"],
    gibPerVcpu: 4,
    network: 1,
    volumes: 0.5,
    accelerators: ["gpu", "neuron"],
    why: "the model must fit into the accelerator's memory",
  },
  {
    name: "graphics",
    words: ["graphics", "rendering", "render", "workstation", "blender", "unreal", "cad", "vdi"],
    categories: ["accelerated computing"],
    gibPerVcpu: 4,
    network: 1,
    volumes: 0.5,
    accelerators: ["gpu"],
    why: "it draws on GPUs",
  },
  {
    name: "electronic design automation",
    words: ["eda", "synthesis", "verilog", "cadence", "synopsys"],
    categories: ["memory optimized"],
    gibPerVcpu: 16,
    network: 0.5,
    volumes: 1,
    highClock: true,
    why: "its licences are by the core, so that each core should be fast and have much memory",
  },
];

/** The first workload that one of the text's words means. */
export function findWorkload(text: string): Workload | undefined {
  const words = new Set(text.toLowerCase().split(/[^a-z0-9-]+/));
  return workloads.find((workload) => workload.words.some((word) => words.has(word)));
}
