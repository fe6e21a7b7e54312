/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From DPDK's sources (lib/eal, drivers/net): the lines before the failure, the failure, and what EAL adds behind it. The
 * cause is often not the last line.
 */
#include "tests/sim/server/machine_words.h"

#include "tests/sim/server/machine.h"
#include "wirelog/status.h"

#define DETECTED "EAL: Detected CPU lcores: 4\nEAL: Detected NUMA nodes: 1\n"
#define USAGE \
	"\nUsage: wirelogd [options]\n\nEAL common options:\n  -l CORELIST  cannot be used with -c\n"

const struct sim_machine_words sim_machine_words[] = {
	{"EAL: lcore 9 unavailable\nEAL: invalid parameter for --lcores\n" USAGE
	 "EAL: FATAL: Invalid 'command line' arguments.\nEAL: Invalid 'command line' arguments.\n",
	 WIRELOG_EAL_CORES, "lcore 9"},
	{"EAL: invalid core list syntax\n" USAGE "EAL: FATAL: Invalid 'command line' arguments.\n",
	 WIRELOG_EAL_CORES, "core list"},
	{DETECTED
	 "EAL: Detected static linkage of DPDK\nEAL: No free 2048 kB hugepages reported on node 0\n"
	 "EAL: No available 2048 kB hugepages reported\nEAL: FATAL: Cannot get hugepage information.\n"
	 "EAL: Cannot get hugepage information.\n",
	 WIRELOG_EAL_HUGEPAGES, "hugepage information"},
	{DETECTED "EAL: No free hugepages reported in hugepages-1048576kB\n"
		  "EAL: Not enough memory available! Requested: 1024MB, available: 128MB\n"
		  "EAL: FATAL: Cannot init memory\nEAL: Cannot init memory\n",
	 WIRELOG_EAL_HUGEPAGES, "No free hugepages"},
	{DETECTED "EAL: Not enough memory available! Requested: 1024MB, available: 128MB\n"
		  "EAL: FATAL: Cannot init memory\n",
	 WIRELOG_EAL_HUGEPAGES, "1024MB"},
	{DETECTED
	 "EAL: get_seg_fd(): open '/dev/hugepages/rtemap_0' failed: Permission denied\n"
	 "EAL: Couldn't get fd on hugepage file: Permission denied\nEAL: FATAL: Cannot init memory\n",
	 WIRELOG_EAL_PERMISSION, "hugepage"},
	{"EAL: Error creating '/var/run/dpdk': Permission denied\nEAL: FATAL: Cannot create runtime directory\n",
	 WIRELOG_EAL_PERMISSION, "runtime directory"},
	{DETECTED "EAL: Cannot open /dev/vfio/12: Permission denied\n"
		  "EAL: Requested device 0000:01:00.0 cannot be used\n",
	 WIRELOG_EAL_PERMISSION, "/dev/vfio/12"},
	{DETECTED "EAL: Cannot open /dev/vfio/noiommu-0: No such file or directory\n"
		  "EAL: Bus (pci) probe failed.\n",
	 WIRELOG_EAL_DEVICE, "noiommu-0"},
	{DETECTED
	 "EAL: 0000:01:00.0 VFIO group is not viable! Not all devices in IOMMU group bound to VFIO or unbound\n"
	 "EAL: Requested device 0000:01:00.0 cannot be used\n",
	 WIRELOG_EAL_DEVICE, "0000:01:00.0"},
	{DETECTED
	 "EAL: failed to parse device \"vdev:net_foo0\"\nEAL: FATAL: Cannot init plugins\n",
	 WIRELOG_EAL_DEVICE, "net_foo0"},
	{DETECTED "EAL: Probe PCI driver: net_ixgbe (8086:10fb) device: 0000:01:00.0 (socket 0)\n"
		  "EAL: Requested device 0000:01:00.0 cannot be used\n",
	 WIRELOG_EAL_DEVICE, "0000:01:00.0"},
	{"open_packet_iface(): Could not open AF_PACKET socket\n"
	 "EAL: Driver cannot attach the device (net_af_packet_wl0)\n",
	 WIRELOG_PORT_PRIVILEGE, "AF_PACKET"},
	{"rte_pmd_init_internals(): net_af_packet_wl0: could not set PACKET_FANOUT on AF_PACKET socket for eth1:Invalid argument\n",
	 WIRELOG_PORT_ADDRESS, "PACKET_FANOUT"},
	{"rte_pmd_init_internals(): net_af_packet_wl0: ioctl failed (SIOCGIFINDEX)\n"
	 "EAL: Driver cannot attach the device (net_af_packet_wl0)\n",
	 WIRELOG_EAL_DEVICE, "SIOCGIFINDEX"},
	{"libbpf: Error in bpf_create_map_xattr(xsks_map):Operation not permitted(-1). Retrying without BTF.\n"
	 "xsk_configure(): Failed to create xsk socket.\n",
	 WIRELOG_PORT_PRIVILEGE, "not permitted"},
	{"load_custom_xdp_prog(): Failed to load XDP prog on eth1\n", WIRELOG_PORT_PRIVILEGE,
	 "eth1"},
	{"xsk_configure(): Failed to reserve umem: Operation not permitted\n",
	 WIRELOG_PORT_PRIVILEGE, "umem"},
	{"xdp_umem_configure(): Failed to create umem [Cannot allocate memory]\n",
	 WIRELOG_EAL_DEVICE, "umem"},
	{"xsk_configure(): Failed to create xsk socket.\neth_rx_queue_setup(): Failed to configure xdp socket\n",
	 WIRELOG_EAL_DEVICE, "xsk socket"},
	{"tun_alloc(): Unable to open /dev/net/tun interface\n", WIRELOG_PORT_PRIVILEGE,
	 "/dev/net/tun"},
	{"tun_alloc(): Unable to set TUNSETIFF for dtap0: Operation not permitted\n",
	 WIRELOG_PORT_PRIVILEGE, "dtap0"},
	{"ETHDEV: Ethdev port_id=0 max_rx_pktlen 9018 > max valid value 1518\n", WIRELOG_PORT_MTU,
	 "9018"},
	{"ETHDEV: MTU (9000) > device max MTU (1500) for port_id 0: the change will fail\n",
	 WIRELOG_PORT_MTU, "9000"},
	{"EAL: Option --legacy-mem is not compatible with --in-memory\n" USAGE,
	 WIRELOG_CONFIG_CONFLICT, "--legacy-mem"},
	{"EAL: Options --no-huge and --huge-dir cannot be specified together\n" USAGE
	 "EAL: FATAL: Invalid 'command line' arguments.\n",
	 WIRELOG_CONFIG_CONFLICT, "--huge-dir"},
	{"wirelogd: unrecognized option '--bogus'\n" USAGE
	 "EAL: FATAL: Invalid 'command line' arguments.\nEAL: Invalid 'command line' arguments.\n",
	 WIRELOG_CONFIG_VALUE, "--bogus"},
	{"wirelogd: option '--huge-dir' requires an argument\n" USAGE, WIRELOG_CONFIG_VALUE,
	 "--huge-dir"},
	{DETECTED "EAL: FATAL: rte_service_init() failed\nEAL: rte_service_init() failed\n\n",
	 WIRELOG_EAL_FAILED, "rte_service_init"},
	{"", WIRELOG_EAL_FAILED, "DPDK failed"},
};

unsigned sim_machine_failures(void)
{
	return sizeof(sim_machine_words) / sizeof(sim_machine_words[0]);
}
