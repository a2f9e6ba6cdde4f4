"""Every planted fault, in the order of the data's journey."""

from tests.planted_faults.edge_faults import EDGE_FAULTS
from tests.planted_faults.fact_faults import FACT_FAULTS
from tests.planted_faults.fault import PlantedFault
from tests.planted_faults.mart_faults import MART_FAULTS
from tests.planted_faults.staging_faults import STAGING_FAULTS
from tests.planted_faults.warehouse_fault import WarehouseFault

WAREHOUSE_FAULTS: tuple[WarehouseFault, ...] = (*STAGING_FAULTS, *FACT_FAULTS, *MART_FAULTS)
FAULTS: tuple[PlantedFault, ...] = (*EDGE_FAULTS, *WAREHOUSE_FAULTS)
