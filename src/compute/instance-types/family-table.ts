/**
 * All families of instance types that the catalogue has, generation by generation. A family is one row of the tables in `families/`: what all its sizes share,
 * and a table of sizes that the families of one generation have in common. `catalogue.ts` derives the rest by the rules of EC2's own figures.
 */
import { acceleratedFamilies } from "./families/accelerated.ts";
import { burstableFamilies } from "./families/burstable.ts";
import { eighthGeneration } from "./families/eighth-generation.ts";
import { fifthGeneration } from "./families/fifth-generation.ts";
import { graphicsFamilies } from "./families/graphics.ts";
import { hpcAndMac } from "./families/hpc-and-mac.ts";
import { memoryFamilies } from "./families/memory.ts";
import { previousGenerations } from "./families/previous-generations.ts";
import { seventhGeneration } from "./families/seventh-generation.ts";
import { sixthGeneration } from "./families/sixth-generation.ts";
import { storageFamilies } from "./families/storage.ts";
import type { FamilyRow } from "./family-row.ts";

export const familyTable: readonly FamilyRow[] = [
  ...burstableFamilies,
  ...previousGenerations,
  ...fifthGeneration,
  ...sixthGeneration,
  ...seventhGeneration,
  ...eighthGeneration,
  ...memoryFamilies,
  ...storageFamilies,
  ...graphicsFamilies,
  ...acceleratedFamilies,
  ...hpcAndMac,
];
