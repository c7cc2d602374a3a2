//! The raw bindings that we call. We do not use the safe layer of the `libvips` crate: its images do not keep their
//! input alive, and its operations pass every option they know, which older libraries refuse.

pub(super) use libvips::bindings::{
    GLogField, GLogLevelFlags, GLogWriterOutput, GObject, GObjectClass, GType, GTypeInstance, GValue, VipsBandFormat,
    VipsBlob, VipsImage, VipsOperation, VipsRect, VipsRegion, gsize,
};
pub(super) use libvips::bindings::{
    VipsBandFormat_VIPS_FORMAT_DOUBLE as FORMAT_DOUBLE, VipsBandFormat_VIPS_FORMAT_FLOAT as FORMAT_FLOAT,
    VipsBandFormat_VIPS_FORMAT_UCHAR as FORMAT_UCHAR, VipsBandFormat_VIPS_FORMAT_USHORT as FORMAT_USHORT,
    VipsInterpretation_VIPS_INTERPRETATION_B_W as SPACE_B_W, VipsInterpretation_VIPS_INTERPRETATION_CMYK as SPACE_CMYK,
    VipsInterpretation_VIPS_INTERPRETATION_GREY16 as SPACE_GREY16,
    VipsInterpretation_VIPS_INTERPRETATION_HISTOGRAM as SPACE_HISTOGRAM,
    VipsInterpretation_VIPS_INTERPRETATION_MULTIBAND as SPACE_MULTIBAND,
    VipsInterpretation_VIPS_INTERPRETATION_RGB as SPACE_RGB,
    VipsInterpretation_VIPS_INTERPRETATION_RGB16 as SPACE_RGB16,
    VipsInterpretation_VIPS_INTERPRETATION_sRGB as SPACE_SRGB,
    VipsInterpretation_VIPS_INTERPRETATION_scRGB as SPACE_SCRGB,
};
pub(super) use libvips::bindings::{
    g_free, g_log_set_default_handler, g_log_set_writer_func, g_object_class_find_property, g_object_get_property,
    g_object_ref, g_object_set_property, g_object_unref, g_type_fundamental, g_value_get_boxed, g_value_get_object,
    g_value_init, g_value_set_boolean, g_value_set_boxed, g_value_set_double, g_value_set_enum, g_value_set_flags,
    g_value_set_int, g_value_set_object, g_value_set_string, g_value_unset,
};
pub(super) use libvips::bindings::{
    vips_area_unref, vips_array_double_get_type, vips_array_image_get_type, vips_array_int_get_type, vips_blob_get,
    vips_blob_get_type, vips_blob_new, vips_cache_operation_buildp, vips_cache_set_max, vips_cache_set_max_files,
    vips_cache_set_max_mem, vips_concurrency_set, vips_enum_from_nick, vips_error_buffer_copy, vips_error_clear,
    vips_image_get_array_int, vips_image_get_bands, vips_image_get_blob, vips_image_get_format, vips_image_get_height,
    vips_image_get_int, vips_image_get_interpretation, vips_image_get_page_height, vips_image_get_type,
    vips_image_get_typeof, vips_image_get_width, vips_image_get_xoffset, vips_image_get_xres, vips_image_get_yoffset,
    vips_image_get_yres, vips_image_hasalpha, vips_image_new_from_memory, vips_image_pio_input, vips_image_remove,
    vips_image_set_array_int, vips_image_set_blob_copy, vips_image_set_int, vips_init, vips_object_get_args,
    vips_object_unref_outputs, vips_operation_block_set, vips_operation_new, vips_region_new, vips_region_prepare,
    vips_tracked_get_allocs, vips_type_find, vips_value_get_array_image, vips_value_set_array_double,
    vips_value_set_array_image, vips_value_set_array_int, vips_version,
};

/// Fundamental types of the GObject type system (`G_TYPE_MAKE_FUNDAMENTAL(n)` is `n << 2`), part of its stable ABI.
pub(super) mod fundamental {
    use super::GType;

    pub(in crate::vips) const BOOLEAN: GType = 5 << 2;
    pub(in crate::vips) const INT: GType = 6 << 2;
    pub(in crate::vips) const ENUM: GType = 12 << 2;
    pub(in crate::vips) const FLAGS: GType = 13 << 2;
    pub(in crate::vips) const DOUBLE: GType = 15 << 2;
    pub(in crate::vips) const STRING: GType = 16 << 2;
}
