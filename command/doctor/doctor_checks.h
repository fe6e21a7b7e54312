/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every check of `wirelog doctor`, in one table. It yields the functions' prototypes and the rows of the report.
 * X(name, AREA, SEVERITY, required, reads, effect, fix); the function wl_doctor_look_NAME (doctor_*.c) is pure: it looks at
 * facts, and says what is there. What could not be read is unknown, never good.
 *
 *   UNSAFE  the node does not start, stops, or does not keep what it promises
 *   SLOW    it works, and not as fast or not as evenly as it could
 *   NOTE    worth knowing; never counts for the exit code
 */
#ifndef WL_COMMAND_DOCTOR_DOCTOR_CHECKS_H
#define WL_COMMAND_DOCTOR_DOCTOR_CHECKS_H

/* clang-format off */
#define WL_DOCTOR_CHECKS(X) \
	/* cores */ \
	X(core_there, CORES, UNSAFE, "workers[].core is online", "/sys/devices/system/cpu/online", \
	  "a start is refused (EAL_CORES)", "correct workers[].core, or bring the core online") \
	X(core_left, CORES, SLOW, "a core that is no worker's", "/sys/devices/system/cpu/online", \
	  "control, log and kernel threads take turns from workers", "leave at least one core without a worker") \
	X(core_isolated, CORES, SLOW, "workers' cores are isolated", "/sys/devices/system/cpu/isolated", \
	  "other tasks run on them: pauses of milliseconds", "boot with isolcpus=CORES, or tuned's cpu-partitioning") \
	X(core_tickless, CORES, SLOW, "no timer tick on workers' cores", "/sys/devices/system/cpu/nohz_full", \
	  "a tick interrupts a worker 250 times a second", "boot with nohz_full=CORES") \
	X(core_rcu, CORES, NOTE, "RCU's work is done elsewhere", "/proc/cmdline", \
	  "callbacks of the kernel run on workers' cores", "boot with rcu_nocbs=CORES") \
	X(core_siblings, CORES, SLOW, "a worker's hyperthread is nobody else's", "cpuN/topology/thread_siblings_list", \
	  "two threads share one core's units", "give workers cores of their own; isolate or offline the siblings") \
	X(core_governor, CORES, SLOW, "governor performance", "cpuN/cpufreq/scaling_governor", \
	  "the frequency falls and takes time to rise", "`wirelog tune` sets it, or tuned") \
	X(core_idle_states, CORES, SLOW, "workers spin, or shallow idle states", "cpuN/cpuidle/stateN", \
	  "a frame waits for a core to wake up", "idle.strategy: spin, or boot with intel_idle.max_cstate=1") \
	X(core_interrupts, CORES, SLOW, "no interrupt goes to workers' cores", "/proc/irq/N/effective_affinity_list", \
	  "a worker is interrupted by devices", "boot with irqaffinity=OTHERS; irqbalance's ban list; tuned") \
	X(core_new_interrupts, CORES, NOTE, "new interrupts go elsewhere", "/proc/irq/default_smp_affinity", \
	  "a device that comes later interrupts workers", "`wirelog tune` sets it") \
	X(core_node, CORES, SLOW, "workers' cores on one NUMA node", "/sys/devices/system/cpu/cpuN/nodeN", \
	  "memory of one worker lies on another's node", "choose cores of the NIC's node") \
	X(core_unit, CORES, SLOW, "the unit keeps its other threads off workers' cores", "CPUAffinity= of wirelogd.service", \
	  "control and log run where workers do", "`wirelog tune` writes the drop-in (cores.conf)") \
	X(core_mask, CORES, NOTE, "this process may use the workers' cores", "/proc/self/status", \
	  "a node that is started by hand here moves its workers itself", "none is needed where they are isolated: those are outside of every mask") \
	X(core_avx2, CORES, UNSAFE, "a processor with AVX2", "/proc/cpuinfo", \
	  "the programs do not run", "a processor of 2013 or newer, or build with MARCH=") \
	X(core_numa_balancing, CORES, SLOW, "kernel.numa_balancing = 0", "/proc/sys/kernel/numa_balancing", \
	  "the kernel unmaps pages of workers to see who uses them", "`wirelog tune` sets it") \
	X(core_watchdog, CORES, NOTE, "kernel.nmi_watchdog = 0", "/proc/sys/kernel/nmi_watchdog", \
	  "each core is interrupted once a few seconds", "sysctl kernel.nmi_watchdog=0") \
	/* clock */ \
	X(clock_tsc, CLOCK, UNSAFE, "an invariant TSC", "/proc/cpuinfo", \
	  "time of workers runs with the frequency: timeouts are wrong", "another processor; in a guest: expose invtsc") \
	X(clock_source, CLOCK, SLOW, "clock source tsc", "/sys/devices/system/clocksource", \
	  "the kernel does not trust the TSC, and neither should timeouts", "look at dmesg for why; boot with tsc=reliable if you know") \
	X(clock_disciplined, CLOCK, SLOW, "the clock is synchronised", "adjtimex; /run/chrony", \
	  "stamps of records and what retention.age means are off", "run chrony, or ptp4l with phc2sys") \
	/* memory */ \
	X(pages_enough, MEMORY, UNSAFE, "free hugepages for memory.megabytes", "/sys/kernel/mm/hugepages", \
	  "a start is refused (EAL_HUGEPAGES), or takes 4 KiB pages", "`wirelog tune` reserves them, also for the next boot") \
	X(pages_on_node, MEMORY, SLOW, "... on the NIC's NUMA node", "/sys/devices/system/node/nodeN/hugepages", \
	  "packets lie in another node's memory", "`wirelog tune` reserves them on the NIC's node") \
	X(pages_mount, MEMORY, NOTE, "hugetlbfs is mounted, or not needed", "/proc/mounts", \
	  "other DPDK programs find no pages; wirelogd takes them without", "dpdk-hugepages.py --mount") \
	X(pages_allowed, MEMORY, UNSAFE, "the cgroup allows hugepages", "hugetlb.2MB.max of the cgroup", \
	  "pages are there and may not be taken", "raise the limit of the slice or container") \
	X(pages_transparent, MEMORY, SLOW, "transparent hugepages: madvise or never", "/sys/kernel/mm/transparent_hugepage", \
	  "khugepaged moves memory under workers", "`wirelog tune` sets it") \
	X(memory_locked, MEMORY, UNSAFE, "locked memory for what is registered", "LimitMEMLOCK= of the unit; /proc/self/limits", \
	  "vfio and registered buffers fail (MEMLOCK)", "LimitMEMLOCK=infinity in the unit; ulimit -l for a shell") \
	X(memory_swap, MEMORY, SLOW, "no swap, or memory.locked: on", "/proc/meminfo", \
	  "a worker waits for a page from a drive", "swapoff, or memory.locked: on") \
	X(memory_free, MEMORY, UNSAFE, "memory for the log rings", "/proc/meminfo", \
	  "a start fails, or the kernel ends something", "lower log.ring_bytes, or add memory") \
	/* vfio */ \
	X(iommu_on, VFIO, UNSAFE, "an IOMMU", "/sys/kernel/iommu_groups", \
	  "a NIC cannot be bound to vfio-pci (EAL_IOMMU)", "VT-d or AMD-Vi in the firmware; boot with intel_iommu=on iommu=pt") \
	X(iommu_group, VFIO, UNSAFE, "the NIC's IOMMU group is its own", "/sys/kernel/iommu_groups/N/devices", \
	  "vfio refuses the group while another driver has a part of it", "bind the others, too, or another slot") \
	X(vfio_module, VFIO, UNSAFE, "vfio-pci is loaded", "/sys/module/vfio_pci", \
	  "no NIC can be bound", "`wirelog tune` loads it, also at the next boot") \
	X(vfio_protected, VFIO, UNSAFE, "vfio not in its mode without IOMMU", "vfio's enable_unsafe_noiommu_mode", \
	  "a NIC may write anywhere in memory", "switch the IOMMU on, and that mode off") \
	X(vfio_access, VFIO, UNSAFE, "the node's user may open the group", "/dev/vfio/GROUP", \
	  "a start is refused (EAL_PERMISSION)", "65-wirelog.rules of udev; `wirelog tune` puts it there") \
	/* NIC */ \
	X(nic_there, NIC, UNSAFE, "the NIC of the file is there", "/sys/bus/pci/devices, /sys/class/net", \
	  "a start is refused (EAL_DEVICE)", "correct links[].address: lspci -D") \
	X(nic_family, NIC, NOTE, "a family with a profile", "drivers-config/nic", \
	  "limits of this card are not known here", "add a profile: docs/HARDWARE.md") \
	X(nic_driver, NIC, UNSAFE, "the driver that its family needs", "/sys/bus/pci/devices/N/driver", \
	  "DPDK does not find it (EAL_DEVICE)", "`wirelog tune` binds it; mlx5 keeps its kernel driver") \
	X(nic_needs, NIC, UNSAFE, "files that its driver loads", "/lib/firmware, /usr/lib", \
	  "the port does not start, or in a safe mode with one queue", "the profile's own fix, see docs/HARDWARE.md") \
	X(nic_port_of, NIC, UNSAFE, "no port of a bridge or bond, no VLAN on it", "/sys/class/net/N/master, upper_*", \
	  "binding it takes the bridge's or bond's link away", "take it out first, or another NIC") \
	X(nic_default_route, NIC, UNSAFE, "no default route on it", "/proc/net/route, /proc/net/ipv6_route", \
	  "binding it cuts this server off", "another NIC") \
	X(nic_link, NIC, UNSAFE, "the link is up", "/sys/class/net/N/carrier", \
	  "no frame comes or goes", "cable, switch port; ip link set N up") \
	X(nic_speed, NIC, SLOW, "10 Gbit/s or more", "/sys/class/net/N/speed", \
	  "replication of large records is bound by the wire", "the port's or the cable's speed") \
	X(nic_lanes, NIC, SLOW, "all of its PCIe lanes", "current_link_width, max_link_width", \
	  "the slot is narrower than the card", "another slot") \
	X(nic_pause, NIC, SLOW, "pause frames are off", "ethtool -a", \
	  "one slow receiver stops a whole switch port", "ethtool -A N rx off tx off, and on the switch") \
	X(nic_mtu, NIC, UNSAFE, "network.mtu fits the card", "profile; /sys/class/net/N/mtu", \
	  "a start is refused (PORT_MTU)", "lower network.mtu, or ip link set N mtu") \
	X(nic_path_mtu, NIC, SLOW, "full frames pass to each peer", "status of the node that runs", \
	  "smaller frames are used", "the MTU of every switch port on the way") \
	X(nic_queues, NIC, UNSAFE, "a queue for each worker", "profile", \
	  "a start is refused", "fewer workers on this NIC") \
	X(nic_steering, NIC, SLOW, "the card tells workers' frames apart", "profile", \
	  "one worker receives for all and hands frames on", "one worker, or a card with flow rules") \
	X(nic_descriptors, NIC, UNSAFE, "links[].descriptors within the card's limits", "profile", \
	  "the port is not started with that number", "correct links[].descriptors") \
	X(nic_node, NIC, SLOW, "NIC and workers on one NUMA node", "numa_node of the device", \
	  "each frame crosses the processors' link", "workers[].core of the NIC's node") \
	X(nic_firmware, NIC, NOTE, "firmware is told", "ethtool -i", \
	  "nothing", "compare it with the release notes of the card") \
	/* drive */ \
	X(drive_there, DRIVE, UNSAFE, "the drive of storage.path is there", "/dev", \
	  "a start waits, and is refused (STORE_ABSENT)", "ls -l /dev/disk/by-id; lsblk") \
	X(drive_free, DRIVE, UNSAFE, "nobody else uses it", "mountinfo, holders, /proc/swaps", \
	  "a start is refused (STORE_IN_USE), or two write one drive", "another drive, or unmount it") \
	X(drive_empty, DRIVE, UNSAFE, "no foreign signature on it", "udev's record of the drive", \
	  "a start is refused (STORE_NOT_OURS)", "`wirelog format` shows what it is, and takes it away") \
	X(drive_access, DRIVE, UNSAFE, "the node's user may write to it", "owner and mode", \
	  "a start is refused (STORE_UNREADABLE)", "64-wirelog-drive.rules of udev; `wirelog tune` writes it") \
	X(drive_space, DRIVE, UNSAFE, "room for log.bytes_max of all journals", "size of the drive, statvfs", \
	  "appends are refused before the limit (NO_SPACE)", "a larger drive, or a lower log.bytes_max") \
	X(drive_file_system, DRIVE, UNSAFE, "ext4 or xfs under a directory", "/proc/self/mountinfo", \
	  "no direct I/O (STORE_NO_DIRECT), or none that is durable", "a directory on ext4 or xfs, or a whole drive") \
	X(drive_block, DRIVE, UNSAFE, "blocks of 512 or 4096 bytes", "queue/logical_block_size", \
	  "durable writes are smaller than a block", "nvme format with another LBA format") \
	X(drive_cache, DRIVE, SLOW, "no volatile write cache", "queue/write_cache", \
	  "each durable write waits for a flush or FUA; no power-loss protection is told", "a drive with power-loss protection") \
	X(drive_fua, DRIVE, SLOW, "FUA where there is a cache", "queue/fua", \
	  "each durable write is two commands", "a drive with FUA") \
	X(drive_scheduler, DRIVE, SLOW, "scheduler none", "queue/scheduler", \
	  "the kernel sorts what should leave at once", "`wirelog tune` writes a udev rule") \
	X(drive_solid, DRIVE, SLOW, "no rotating disk", "queue/rotational", \
	  "a durable write takes milliseconds", "an NVMe drive") \
	X(drive_node, DRIVE, SLOW, "drive and workers on one NUMA node", "numa_node of the device", \
	  "each write crosses the processors' link", "workers[].core of that node, or another slot") \
	X(drive_temperature, DRIVE, NOTE, "below 70 degrees", "hwmon of the drive", \
	  "it slows itself down", "air") \
	/* system */ \
	X(kernel_version, SYSTEM, UNSAFE, "Linux 5.15 or newer", "/proc/sys/kernel/osrelease", \
	  "io_uring lacks what is needed (URING_FAILED)", "a newer kernel") \
	X(uring_allowed, SYSTEM, UNSAFE, "io_uring is allowed", "/proc/sys/kernel/io_uring_disabled", \
	  "a start is refused (URING_UNAVAILABLE)", "sysctl kernel.io_uring_disabled=0") \
	X(user_there, SYSTEM, UNSAFE, "the unit's user exists", "/etc/passwd", \
	  "the unit does not start", "systemd-sysusers") \
	X(key_there, SYSTEM, UNSAFE, "a key file of 32 digits", "security.key_file", \
	  "a start is refused (KEY_MISSING)", "wirelog key; the same file on every server") \
	X(key_private, SYSTEM, UNSAFE, "the key is the user's alone", "owner and mode of security.key_file", \
	  "a start is refused (KEY_UNSAFE)", "chown USER, chmod 0400; `wirelog tune` does it") \
	X(run_directory, SYSTEM, UNSAFE, "the run directory can be made", "run_directory", \
	  "a start is refused (RUN_DIRECTORY)", "RuntimeDirectory= of the unit, or another run_directory") \
	X(unit_there, SYSTEM, NOTE, "the unit is installed", "wirelogd.service", \
	  "nothing starts the node at boot", "the package, or make install")
/* clang-format on */

#endif
