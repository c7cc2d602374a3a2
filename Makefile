# A newcomer needs only `make run` and `make test`; both install what is missing and say so first.

# Debian packages and what each is for: libvips-dev decodes, draws and encodes; nasm assembles the AVIF
# encoder; cmake and g++ build the JPEG encoder.
BUILD_PACKAGES := libvips-dev nasm cmake g++
# Fonts for captions: one with the metrics of Helvetica, Times and Courier; most scripts; Chinese, Japanese and Korean;
# colour emoji.
FONT_PACKAGES := fonts-liberation fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji
# The tests use nginx (with a certificate from openssl) and an S3 server (installed through Python) as upstreams; Python
# and npm bring imgix' own URL clients.
TEST_PACKAGES := nginx-light openssl python3-venv nodejs npm

TARGET := $(or $(CARGO_TARGET_DIR),target)
TINTYPE := $(TARGET)/release/tintype

.PHONY: help run build test lint bench docs gallery readme-image packages

help:
	@echo 'make run     build, and serve fixtures/photos on http://127.0.0.1:8080'
	@echo 'make test    run every test'
	@echo 'make lint    format, clippy and documentation, warnings denied'
	@echo 'make bench   criterion benches'
	@echo 'make gallery  a page with an image for every parameter: target/gallery/index.html'
	@echo 'make docs    write config/reference.toml and the other generated pages, and the API documentation'

run: build
	@echo '==> serving fixtures/photos; cache and access logs go to var/. Ctrl-C stops it.'
	@exec $(TINTYPE) serve --config config/demo.toml --examples

build: packages
	@[ -x $(TINTYPE) ] || echo '==> building tintype; the first build compiles some 400 packages and takes 5 to 10 minutes'
	@[ ! -x $(TINTYPE) ] || echo '==> building what has changed since the last time'
	@cargo build --release --locked || { echo 'The build failed.' >&2; exit 1; }

packages:
	@command -v cargo >/dev/null || { echo 'Tintype is built with Rust: install it from https://rustup.rs' >&2; exit 1; }
	@.ci/install $(BUILD_PACKAGES) $(FONT_PACKAGES)

# Documentation tests run first, so that the output ends with the summary of the whole suite.
test: packages
	@.ci/install $(TEST_PACKAGES)
	@sh tests/tools.sh
	@rm -rf target/left-out
	cargo test --locked --doc --quiet
	@status=0; \
	if cargo nextest --version >/dev/null 2>&1; then set -x; cargo nextest run --locked --no-fail-fast || status=$$?; \
	else set -x; cargo test --locked --no-fail-fast --lib --bins --tests || status=$$?; fi; \
	{ set +x; } 2>/dev/null; sh tests/left-out.sh; exit $$status

lint: packages
	cargo fmt --all --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --document-private-items

bench: packages
	cargo bench --locked

docs: packages
	TINTYPE_WRITE_REFERENCE=1 cargo test --locked --lib --quiet reference
	cargo doc --locked --no-deps

gallery: build
	@$(TINTYPE) gallery $(TARGET)/gallery

# The image of the worked request in README.
readme-image: build
	$(TINTYPE) render fixtures/photos/coffee.jpg 'w=480&h=270&fit=crop&crop=entropy&q=80' fixtures/readme.jpg
