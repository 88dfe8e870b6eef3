/** Sizes that several tables have alike, row for row. */

/** Of Intel's and AMD's families since the sixth generation. */
export const largeTo24xlarge = `large     .781/12.5   650/10000   3600/40000
  xlarge    1.562/12.5  1250/10000  6000/40000
  2xlarge   3.125/12.5  2500/10000  12000/40000
  4xlarge   6.25/12.5   5000/10000  20000/40000
  8xlarge   12.5        10000       40000
  12xlarge  18.75       15000       60000
  16xlarge  25          20000       80000
  24xlarge  37.5        30000       120000`;
