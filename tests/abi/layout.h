/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The layout of the ioctl ABI, field by field, as numbers.
 *
 * Compiled for 32 and for 64 bit: that both pass is the proof that the two
 * agree. A number here never changes; a new field at the end of a struct adds
 * a line and changes the size.
 */
#ifndef _EMD_ABI_LAYOUT_H
#define _EMD_ABI_LAYOUT_H

#include <stddef.h>
#include <linux/emd.h>

#define SIZE(type, n)							\
	_Static_assert(sizeof(struct type) == (n), "size of " #type)
#define AT(type, field, n)						\
	_Static_assert(offsetof(struct type, field) == (n), #type "." #field)

SIZE(emd_hdr, 24);
AT(emd_hdr, size, 0);
AT(emd_hdr, flags, 4);
AT(emd_hdr, msg_ptr, 8);
AT(emd_hdr, msg_len, 16);
AT(emd_hdr, __reserved, 20);

SIZE(emd_rec, 8);
AT(emd_rec, size, 0);
AT(emd_rec, type, 4);

SIZE(emd_rec_container, 256);
AT(emd_rec_container, id, 8);
AT(emd_rec_container, uuid, 16);
AT(emd_rec_container, generation, 32);
AT(emd_rec_container, name, 40);
AT(emd_rec_container, format, 104);
AT(emd_rec_container, reason, 120);
AT(emd_rec_container, state, 240);
AT(emd_rec_container, nr_disks, 244);
AT(emd_rec_container, nr_arrays, 248);
AT(emd_rec_container, __reserved, 252);

SIZE(emd_rec_disk, 584);
AT(emd_rec_disk, id, 8);
AT(emd_rec_disk, sectors, 16);
AT(emd_rec_disk, major, 24);
AT(emd_rec_disk, minor, 28);
AT(emd_rec_disk, block_size, 32);
AT(emd_rec_disk, state, 36);
AT(emd_rec_disk, dev, 40);
AT(emd_rec_disk, serial, 72);
AT(emd_rec_disk, reason, 136);
AT(emd_rec_disk, serves, 256);

SIZE(emd_rec_array, 328);
AT(emd_rec_array, id, 8);
AT(emd_rec_array, uuid, 16);
AT(emd_rec_array, size_sectors, 32);
AT(emd_rec_array, sync_done, 40);
AT(emd_rec_array, sync_total, 48);
AT(emd_rec_array, sync_speed, 56);
AT(emd_rec_array, mismatches, 64);
AT(emd_rec_array, level, 72);
AT(emd_rec_array, layout, 76);
AT(emd_rec_array, strip_sectors, 80);
AT(emd_rec_array, state, 84);
AT(emd_rec_array, sync_action, 88);
AT(emd_rec_array, flags, 92);
AT(emd_rec_array, major, 96);
AT(emd_rec_array, minor, 100);
AT(emd_rec_array, nr_members, 104);
AT(emd_rec_array, nr_spans, 108);
AT(emd_rec_array, name, 112);
AT(emd_rec_array, dev, 176);
AT(emd_rec_array, reason, 208);

SIZE(emd_rec_member, 128);
AT(emd_rec_member, disk_id, 8);
AT(emd_rec_member, start_sector, 16);
AT(emd_rec_member, size_sectors, 24);
AT(emd_rec_member, rebuilt, 32);
AT(emd_rec_member, read_errors, 40);
AT(emd_rec_member, write_errors, 44);
AT(emd_rec_member, slot, 48);
AT(emd_rec_member, state, 52);
AT(emd_rec_member, dev, 56);
AT(emd_rec_member, replacement_id, 88);
AT(emd_rec_member, replacement, 96);

SIZE(emd_rec_mismatch, 24);
AT(emd_rec_mismatch, start_sector, 8);
AT(emd_rec_mismatch, nr_sectors, 16);

SIZE(emd_version_arg, 104);
AT(emd_version_arg, abi, 24);
AT(emd_version_arg, nr_formats, 28);
AT(emd_version_arg, last_event, 32);
AT(emd_version_arg, formats, 40);

SIZE(emd_list_arg, 48);
AT(emd_list_arg, buf_ptr, 24);
AT(emd_list_arg, buf_len, 32);
AT(emd_list_arg, needed, 36);
AT(emd_list_arg, event, 40);

SIZE(emd_examine_arg, 64);
AT(emd_examine_arg, major, 24);
AT(emd_examine_arg, minor, 28);
AT(emd_examine_arg, buf_ptr, 32);
AT(emd_examine_arg, buf_len, 40);
AT(emd_examine_arg, needed, 44);
AT(emd_examine_arg, format, 48);

SIZE(emd_object_arg, 48);
AT(emd_object_arg, container_id, 24);
AT(emd_object_arg, array_id, 32);
AT(emd_object_arg, major, 40);
AT(emd_object_arg, minor, 44);

SIZE(emd_disk_ref, 8);
AT(emd_disk_ref, major, 0);
AT(emd_disk_ref, minor, 4);

SIZE(emd_create_arg, 168);
AT(emd_create_arg, container_id, 24);
AT(emd_create_arg, size_sectors, 32);
AT(emd_create_arg, level, 40);
AT(emd_create_arg, layout, 44);
AT(emd_create_arg, strip_sectors, 48);
AT(emd_create_arg, init, 52);
AT(emd_create_arg, nr_disks, 56);
AT(emd_create_arg, nr_spans, 60);
AT(emd_create_arg, disks_ptr, 64);
AT(emd_create_arg, name, 72);
AT(emd_create_arg, format, 136);
AT(emd_create_arg, array_id, 152);
AT(emd_create_arg, array_major, 160);
AT(emd_create_arg, array_minor, 164);

SIZE(emd_sync_arg, 40);
AT(emd_sync_arg, array_id, 24);
AT(emd_sync_arg, cmd, 32);
AT(emd_sync_arg, limit_kib_s, 36);

SIZE(emd_policy_arg, 48);
AT(emd_policy_arg, array_id, 24);
AT(emd_policy_arg, set, 32);
AT(emd_policy_arg, known, 36);
AT(emd_policy_arg, zero_copy, 40);
AT(emd_policy_arg, sync_limit_kib_s, 44);

SIZE(emd_replace_arg, 48);
AT(emd_replace_arg, array_id, 24);
AT(emd_replace_arg, major, 32);
AT(emd_replace_arg, minor, 36);
AT(emd_replace_arg, new_major, 40);
AT(emd_replace_arg, new_minor, 44);
SIZE(emd_rec_history, 1064);
AT(emd_rec_history, rec, 0);
AT(emd_rec_history, first_generation, 8);
AT(emd_rec_history, generation, 16);
AT(emd_rec_history, time_ns, 24);
AT(emd_rec_history, nr_written, 32);
AT(emd_rec_history, text, 40);

SIZE(emd_history_arg, 48);
AT(emd_history_arg, container_id, 24);
AT(emd_history_arg, buf_ptr, 32);
AT(emd_history_arg, buf_len, 40);
AT(emd_history_arg, needed, 44);

SIZE(emd_region, 16);
AT(emd_region, sector, 0);
AT(emd_region, bytes, 8);

SIZE(emd_save_arg, 152);
AT(emd_save_arg, major, 24);
AT(emd_save_arg, minor, 28);
AT(emd_save_arg, buf_ptr, 32);
AT(emd_save_arg, buf_len, 40);
AT(emd_save_arg, needed, 44);
AT(emd_save_arg, sectors, 48);
AT(emd_save_arg, generation, 56);
AT(emd_save_arg, block_size, 64);
AT(emd_save_arg, nr_regions, 68);
AT(emd_save_arg, serial, 72);
AT(emd_save_arg, format, 136);

SIZE(emd_restore_disk, 120);
AT(emd_restore_disk, major, 0);
AT(emd_restore_disk, minor, 4);
AT(emd_restore_disk, buf_ptr, 8);
AT(emd_restore_disk, buf_len, 16);
AT(emd_restore_disk, nr_regions, 20);
AT(emd_restore_disk, sectors, 24);
AT(emd_restore_disk, block_size, 32);
AT(emd_restore_disk, serial, 40);
AT(emd_restore_disk, format, 104);

SIZE(emd_restore_arg, 40);
AT(emd_restore_arg, disks_ptr, 24);
AT(emd_restore_arg, nr_disks, 32);

SIZE(emd_rename_arg, 96);
AT(emd_rename_arg, array_id, 24);
AT(emd_rename_arg, name, 32);

SIZE(emd_assign_arg, 56);
AT(emd_assign_arg, container_id, 24);
AT(emd_assign_arg, major, 32);
AT(emd_assign_arg, minor, 36);
AT(emd_assign_arg, nr_arrays, 40);
AT(emd_assign_arg, arrays_ptr, 48);

SIZE(emd_event, 304);
AT(emd_event, seq, 0);
AT(emd_event, time_ns, 8);
AT(emd_event, container_id, 16);
AT(emd_event, array_id, 24);
AT(emd_event, type, 32);
AT(emd_event, slot, 36);
AT(emd_event, major, 40);
AT(emd_event, minor, 44);
AT(emd_event, name, 48);
AT(emd_event, what, 112);
AT(emd_event, text, 144);

_Static_assert(EMD_IOC_VERSION == 0xed00, "number of VERSION");
_Static_assert(EMD_IOC_LIST == 0xed01, "number of LIST");
_Static_assert(EMD_IOC_EXAMINE == 0xed02, "number of EXAMINE");
_Static_assert(EMD_IOC_SCAN == 0xed10, "number of SCAN");
_Static_assert(EMD_IOC_ASSEMBLE == 0xed11, "number of ASSEMBLE");
_Static_assert(EMD_IOC_STOP == 0xed12, "number of STOP");
_Static_assert(EMD_IOC_CREATE == 0xed13, "number of CREATE");
_Static_assert(EMD_IOC_DELETE == 0xed14, "number of DELETE");
_Static_assert(EMD_IOC_ERASE == 0xed15, "number of ERASE");
_Static_assert(EMD_IOC_ADD == 0xed16, "number of ADD");
_Static_assert(EMD_IOC_REMOVE == 0xed17, "number of REMOVE");
_Static_assert(EMD_IOC_FAIL == 0xed18, "number of FAIL");
_Static_assert(EMD_IOC_SCRUB == 0xed19, "number of SCRUB");
_Static_assert(EMD_IOC_SYNC == 0xed1a, "number of SYNC");
_Static_assert(EMD_IOC_POLICY == 0xed1b, "number of POLICY");
_Static_assert(EMD_IOC_REPLACE == 0xed1d, "number of REPLACE");
_Static_assert(EMD_IOC_HISTORY == 0xed20, "number of HISTORY");
_Static_assert(EMD_IOC_SAVE == 0xed21, "number of SAVE");
_Static_assert(EMD_IOC_RESTORE == 0xed22, "number of RESTORE");
_Static_assert(EMD_IOC_RENAME == 0xed1c, "number of RENAME");
_Static_assert(EMD_IOC_ASSIGN == 0xed1e, "number of ASSIGN");

#endif /* _EMD_ABI_LAYOUT_H */
