//! [`Call`]: one libvips operation with its options, set by name.

use std::ffi::{CStr, c_int};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use super::error::{self, VipsError};
use super::image::Image;
use super::sys::{self, fundamental};

/// An operation that is being set up. Options are checked against the class before they are set: an option whose name
/// or type this build of the library lacks makes the call fail (or is skipped if set with [`Call::int_if_present`] or a
/// similar method).
///
/// `'a` is the lifetime of the input that the result reads from when it is evaluated.
#[must_use = "a call does nothing until it is run"]
pub struct Call<'a> {
    nickname: &'static CStr,
    /// Owned reference; `None` if the library has no such operation.
    operation: Option<NonNull<sys::VipsOperation>>,
    /// The first thing that went wrong.
    fault: Option<VipsError>,
    /// Names of the options set so far.
    given: Vec<&'static CStr>,
    input: PhantomData<&'a [u8]>,
}

/// A value for one option.
enum CallValue<'v> {
    Int(i32),
    Double(f64),
    Bool(bool),
    /// Nickname of an enumeration's member.
    Nick(&'v CStr),
    Text(&'v CStr),
    Doubles(&'v [f64]),
    Ints(&'v [i32]),
    Image(*mut sys::VipsImage),
    Images(Vec<*mut sys::VipsImage>),
    Bytes(&'v [u8]),
}

impl<'a> Call<'a> {
    /// Starts a call of the operation with this nickname.
    pub fn new(nickname: &'static CStr) -> Self {
        // SAFETY: a NUL-terminated name; the result is null or a reference that we own.
        let operation = NonNull::new(unsafe { sys::vips_operation_new(nickname.as_ptr()) });
        let fault = operation.is_none().then(|| VipsError::UnknownOperation { operation: error::name(nickname) });
        Self { nickname, operation, fault, given: Vec::new(), input: PhantomData }
    }

    /// Sets an input image.
    pub fn image(self, name: &'static CStr, image: &Image<'a>) -> Self {
        self.set(name, &CallValue::Image(image.as_ptr()), true)
    }

    /// Sets an array of input images.
    pub fn images(self, name: &'static CStr, images: &[&Image<'a>]) -> Self {
        self.set(name, &CallValue::Images(images.iter().map(|image| image.as_ptr()).collect()), true)
    }

    /// Sets an integer.
    pub fn int(self, name: &'static CStr, value: i32) -> Self {
        self.set(name, &CallValue::Int(value), true)
    }

    /// Sets an integer, if this version has the option.
    pub fn int_if_present(self, name: &'static CStr, value: i32) -> Self {
        self.set(name, &CallValue::Int(value), false)
    }

    /// Sets a real number.
    pub fn double(self, name: &'static CStr, value: f64) -> Self {
        self.set(name, &CallValue::Double(value), true)
    }

    /// Sets a flag.
    pub fn flag(self, name: &'static CStr, value: bool) -> Self {
        self.set(name, &CallValue::Bool(value), true)
    }

    /// Sets a flag, if this version has the option.
    pub fn flag_if_present(self, name: &'static CStr, value: bool) -> Self {
        self.set(name, &CallValue::Bool(value), false)
    }

    /// Sets a member of an enumeration by its nickname.
    pub fn nick(self, name: &'static CStr, value: &CStr) -> Self {
        self.set(name, &CallValue::Nick(value), true)
    }

    /// Sets a member of an enumeration by its nickname, if this version has the option.
    pub fn nick_if_present(self, name: &'static CStr, value: &CStr) -> Self {
        self.set(name, &CallValue::Nick(value), false)
    }

    /// Sets a text option.
    pub fn text(self, name: &'static CStr, value: &CStr) -> Self {
        self.set(name, &CallValue::Text(value), true)
    }

    /// Sets an array of real numbers.
    pub fn doubles(self, name: &'static CStr, value: &[f64]) -> Self {
        self.set(name, &CallValue::Doubles(value), true)
    }

    /// Sets an array of integers.
    pub fn ints(self, name: &'static CStr, value: &[i32]) -> Self {
        self.set(name, &CallValue::Ints(value), true)
    }

    /// Sets input bytes. The result borrows them; no copy is made.
    pub fn bytes(self, name: &'static CStr, value: &'a [u8]) -> Self {
        self.set(name, &CallValue::Bytes(value), true)
    }

    /// Sets input bytes, if this operation takes any.
    pub fn bytes_if_present(self, name: &'static CStr, value: &'a [u8]) -> Self {
        self.set(name, &CallValue::Bytes(value), false)
    }

    /// Makes a saver drop all metadata, whatever this version calls the option.
    pub fn strip(self) -> Self {
        // `keep` (a set of flags, 0 means none) replaced `strip` in 8.15. Later headers no longer have `strip`.
        self.set(c"keep", &CallValue::Int(0), false).set(c"strip", &CallValue::Bool(true), false)
    }

    /// Runs the operation and returns its image `out`. The image is computed when it is read, not now.
    ///
    /// # Errors
    /// [`VipsError`] for an invalid option, or if the operation fails.
    pub fn image_out(mut self) -> Result<Image<'a>, VipsError> {
        let built = self.build()?;
        let object = read_property(built, c"out", |value| {
            // SAFETY: `value` holds an object or nothing; the `Image` owns the reference taken here.
            unsafe {
                let object = sys::g_value_get_object(value);
                if object.is_null() { ptr::null_mut() } else { sys::g_object_ref(object) }
            }
        });
        let image = NonNull::new(object.cast::<sys::VipsImage>());
        self.release_outputs();
        // SAFETY: an owned reference to an image whose inputs live for 'a.
        image.map(|image| unsafe { Image::from_owned(image) }).ok_or_else(|| self.failed())
    }

    /// Runs a saver and returns the bytes in `buffer`.
    ///
    /// # Errors
    /// As [`Call::image_out`].
    pub fn bytes_out(mut self) -> Result<Vec<u8>, VipsError> {
        let built = self.build()?;
        let bytes = read_property(built, c"buffer", |value| {
            // SAFETY: `value` holds a blob or nothing; the slice is copied before the value is unset.
            unsafe {
                let blob = sys::g_value_get_boxed(value).cast::<sys::VipsBlob>();
                if blob.is_null() {
                    return None;
                }
                let mut length: sys::gsize = 0;
                let data = sys::vips_blob_get(blob, &raw mut length).cast::<u8>();
                let length = usize::try_from(length).expect("a length in memory fits usize");
                (!data.is_null()).then(|| std::slice::from_raw_parts(data, length).to_vec())
            }
        });
        self.release_outputs();
        bytes.ok_or_else(|| self.failed())
    }

    fn build(&mut self) -> Result<NonNull<sys::VipsOperation>, VipsError> {
        if let Some(fault) = self.fault {
            error::discard_text();
            return Err(fault);
        }
        let operation = self.operation.expect("an operation without fault exists");
        if self.lacks_required(operation) {
            return Err(self.failed());
        }
        let mut built = operation.as_ptr();
        // SAFETY: a live operation that we own. On success our reference is exchanged for one to the operation that was
        // built (with the cache off, the same one); on failure ours is still to be released.
        // `vips_cache_operation_build` would keep a reference forever, and with it every buffer of the pipeline.
        let failed = unsafe { sys::vips_cache_operation_buildp(&raw mut built) } != 0;
        let Some(built) = NonNull::new(built).filter(|_| !failed) else {
            self.release_outputs();
            return Err(self.failed());
        };
        self.operation = Some(built);
        Ok(built)
    }

    /// Releases the outputs: they hold references of their own, even after a failed build.
    fn release_outputs(&self) {
        if let Some(operation) = self.operation {
            // SAFETY: a live operation that we own; drops the references it holds on its outputs.
            unsafe { sys::vips_object_unref_outputs(operation.as_ptr().cast()) };
        }
    }

    fn failed(&self) -> VipsError {
        error::discard_text();
        VipsError::Failed { operation: error::name(self.nickname) }
    }

    fn set(mut self, name: &'static CStr, value: &CallValue<'_>, required: bool) -> Self {
        let Some(operation) = self.operation else { return self };
        let Some(type_) = option_type(operation, name) else {
            if required {
                self.fail_option(name);
            }
            return self;
        };
        let Some(mut wrapped) = wrap(type_, value) else {
            self.fail_option(name);
            return self;
        };
        // SAFETY: the option exists and `wrapped` was initialised with exactly its type; the setter takes its own
        // reference or copy, so the value can be unset right after.
        unsafe {
            sys::g_object_set_property(operation.as_ptr().cast(), name.as_ptr(), &raw const wrapped);
            sys::g_value_unset(&raw mut wrapped);
        }
        self.given.push(name);
        self
    }

    /// Returns whether a required input is missing. Checked here because some operations read their required inputs
    /// before the library has checked that they are set.
    fn lacks_required(&self, operation: NonNull<sys::VipsOperation>) -> bool {
        const NEEDED: c_int = 1 | 16; // VIPS_ARGUMENT_REQUIRED, VIPS_ARGUMENT_INPUT
        let (mut names, mut flags, mut count) = (ptr::null_mut(), ptr::null_mut(), 0);
        // SAFETY: a live operation; on success the two arrays have `count` members and live as long as it does.
        unsafe {
            if sys::vips_object_get_args(operation.as_ptr().cast(), &raw mut names, &raw mut flags, &raw mut count) != 0
            {
                return true;
            }
            (0..usize::try_from(count).unwrap_or(0)).any(|i| {
                let name = CStr::from_ptr(*names.add(i));
                // GObject writes names with hyphens; ours have no underscore.
                *flags.add(i) & NEEDED == NEEDED && !self.given.contains(&name)
            })
        }
    }

    fn fail_option(&mut self, name: &'static CStr) {
        let operation = error::name(self.nickname);
        self.fault.get_or_insert(VipsError::UnknownOption { operation, option: error::name(name) });
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if let Some(operation) = self.operation {
            // SAFETY: the one reference we own.
            unsafe { sys::g_object_unref(operation.as_ptr().cast()) };
        }
    }
}

/// Returns the type of the option `name` of this operation's class, if the class has it.
fn option_type(operation: NonNull<sys::VipsOperation>, name: &CStr) -> Option<sys::GType> {
    // SAFETY: every GObject begins with a pointer to its class (GObject ABI); the specification found belongs to that
    // class.
    unsafe {
        let class = (*operation.as_ptr().cast::<sys::GTypeInstance>()).g_class;
        let spec = sys::g_object_class_find_property(class.cast::<sys::GObjectClass>(), name.as_ptr());
        spec.as_ref().map(|spec| spec.value_type)
    }
}

/// Returns `value` as a `GValue` of type `type_`, or `None` if it is of another kind.
fn wrap(type_: sys::GType, value: &CallValue<'_>) -> Option<sys::GValue> {
    // SAFETY: reads type tables.
    let kind = unsafe { sys::g_type_fundamental(type_) };
    // SAFETY: all zeroes is an uninitialised GValue, as with the C macro G_VALUE_INIT; init gives it the option's own
    // type.
    let mut wrapped = unsafe {
        let mut wrapped: sys::GValue = std::mem::zeroed();
        sys::g_value_init(&raw mut wrapped, type_);
        wrapped
    };
    let target = &raw mut wrapped;
    // SAFETY: each setter is called only on a value of the type that it is made for, checked by the guards; it copies
    // or references arrays, texts and blobs.
    let done = unsafe {
        match value {
            CallValue::Int(v) if kind == fundamental::INT => sys::g_value_set_int(target, *v),
            CallValue::Int(v) if kind == fundamental::FLAGS => sys::g_value_set_flags(target, v.unsigned_abs()),
            CallValue::Double(v) if kind == fundamental::DOUBLE => sys::g_value_set_double(target, *v),
            CallValue::Bool(v) if kind == fundamental::BOOLEAN => sys::g_value_set_boolean(target, c_int::from(*v)),
            CallValue::Text(v) if kind == fundamental::STRING => sys::g_value_set_string(target, v.as_ptr()),
            CallValue::Nick(v) if kind == fundamental::ENUM => {
                let member = sys::vips_enum_from_nick(c"tintype".as_ptr(), type_, v.as_ptr());
                if member < 0 {
                    sys::g_value_unset(target);
                    return None;
                }
                sys::g_value_set_enum(target, member);
            }
            CallValue::Doubles(v) if type_ == sys::vips_array_double_get_type() => {
                sys::vips_value_set_array_double(target, v.as_ptr(), c_int::try_from(v.len()).ok()?);
            }
            CallValue::Ints(v) if type_ == sys::vips_array_int_get_type() => {
                sys::vips_value_set_array_int(target, v.as_ptr(), c_int::try_from(v.len()).ok()?);
            }
            CallValue::Image(v) if type_ == sys::vips_image_get_type() => sys::g_value_set_object(target, (*v).cast()),
            CallValue::Images(v) if type_ == sys::vips_array_image_get_type() => {
                let count = c_int::try_from(v.len()).ok()?;
                sys::vips_value_set_array_image(target, count);
                let slots = sys::vips_value_get_array_image(target, ptr::null_mut());
                for (index, image) in v.iter().enumerate() {
                    // The array owns one reference to each member.
                    *slots.add(index) = sys::g_object_ref((*image).cast()).cast();
                }
            }
            CallValue::Bytes(v) if type_ == sys::vips_blob_get_type() => {
                // No free function: the bytes belong to the caller, who lends them for `'a`.
                let blob = sys::vips_blob_new(None, v.as_ptr().cast(), v.len() as sys::gsize);
                sys::g_value_set_boxed(target, blob.cast());
                sys::vips_area_unref(blob.cast());
            }
            CallValue::Int(_)
            | CallValue::Double(_)
            | CallValue::Bool(_)
            | CallValue::Nick(_)
            | CallValue::Text(_)
            | CallValue::Doubles(_)
            | CallValue::Ints(_)
            | CallValue::Image(_)
            | CallValue::Images(_)
            | CallValue::Bytes(_) => {
                sys::g_value_unset(target);
                return None;
            }
        }
        wrapped
    };
    Some(done)
}

/// Reads one property of a built operation.
fn read_property<T>(
    operation: NonNull<sys::VipsOperation>,
    name: &CStr,
    read: impl FnOnce(*const sys::GValue) -> T,
) -> T
where
    T: Default,
{
    let Some(type_) = option_type(operation, name) else { return T::default() };
    // SAFETY: as in `wrap`; the property exists and has the type the value was initialised with.
    unsafe {
        let mut value: sys::GValue = std::mem::zeroed();
        sys::g_value_init(&raw mut value, type_);
        sys::g_object_get_property(operation.as_ptr().cast::<sys::GObject>(), name.as_ptr(), &raw mut value);
        let result = read(&raw const value);
        sys::g_value_unset(&raw mut value);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vips::init;

    #[test]
    fn options_are_checked_before_they_are_set() {
        init().unwrap();
        let black = || Call::new(c"black").int(c"width", 3).int(c"height", 2);
        let image = black().int(c"bands", 3).image_out().unwrap();
        assert_eq!((image.width(), image.height(), image.bands()), (3, 2, 3));
        let unknown = black().int(c"depth_of_field", 1).image_out().err();
        assert_eq!(unknown, Some(VipsError::UnknownOption { operation: "black", option: "depth_of_field" }));
        let mistyped = black().flag(c"bands", true).image_out().err();
        assert_eq!(mistyped, Some(VipsError::UnknownOption { operation: "black", option: "bands" }));
        assert!(black().int_if_present(c"depth_of_field", 1).image_out().is_ok());
        let absent = Call::new(c"no_such_operation").int(c"x", 1).image_out().err();
        assert_eq!(absent, Some(VipsError::UnknownOperation { operation: "no_such_operation" }));
        let refused = Call::new(c"black").int(c"width", 3).image_out().err();
        assert_eq!(refused, Some(VipsError::Failed { operation: "black" }));
    }

    #[test]
    fn an_image_survives_saving_and_loading() {
        init().unwrap();
        let image = Call::new(c"black").int(c"width", 3).int(c"height", 2).image_out().unwrap();
        let png = Call::new(c"pngsave_buffer").image(c"in", &image).strip().bytes_out().unwrap();
        assert!(png.starts_with(b"\x89PNG"));
        let back = Call::new(c"pngload_buffer").bytes(c"buffer", &png).image_out().unwrap();
        assert_eq!((back.width(), back.height()), (3, 2));
        let bad = Call::new(c"copy").image(c"in", &back).nick(c"interpretation", c"no-such-space").image_out();
        assert!(bad.is_err());
    }
}
