import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { countAvailable, toCapacityReservationView } from "./views/capacity-reservation-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

/** The account's capacity reservations in this region; ended ones for about an hour. */
export const DescribeCapacityReservations = defineDescribe({
  name: "DescribeCapacityReservations",
  supported: "whole",
  ids: ({ CapacityReservationIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const tags = await listTagsOfType(tx, caller, "capacity-reservation");
    const rows = await ownedRows(tx, "capacity_reservations", caller, input.CapacityReservationIds);
    const available = await countAvailable(tx, rows);
    return rows.map((row) => toCapacityReservationView(row, available.get(row.id) ?? 0, tags.get(row.id)));
  },
  key: (reservation) => reservation.CapacityReservationId ?? "",
  filters: {
    tags: tagsOfView,
    fields: {
      "availability-zone": (reservation) => reservation.AvailabilityZone,
      "availability-zone-id": (reservation) => reservation.AvailabilityZoneId,
      "end-date": (reservation) => reservation.EndDate,
      "end-date-type": (reservation) => reservation.EndDateType,
      "instance-match-criteria": (reservation) => reservation.InstanceMatchCriteria,
      "instance-platform": (reservation) => reservation.InstancePlatform,
      "instance-type": (reservation) => reservation.InstanceType,
      "owner-id": (reservation) => reservation.OwnerId,
      "outpost-arn": () => undefined,
      "placement-group-arn": () => undefined,
      "start-date": (reservation) => reservation.StartDate,
      state: (reservation) => reservation.State,
      tenancy: (reservation) => reservation.Tenancy,
    },
  },
  page: { minimum: 1, maximum: 1000, idsParameter: "capacityReservationIds" },
  output: (rows, nextToken) => ({ CapacityReservations: [...rows], ...nextTokenField(nextToken) }),
});
