//! Certificates and keys of one control plane, made anew for every cluster.
//!
//! People and components identify themselves by token (see [`identity`](super::identity)), so the
//! only client certificates are the API server's own.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};

use crate::error::{Error, Result};
use crate::files;

/// Names that the API server answers to inside every cluster.
const SERVER_NAMES: [&str; 5] = [
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
];
/// The group whose members may do anything; the kubelets know the API server by it.
const MASTERS: &str = "system:masters";

/// A directory with the files that [`Pki::create`] wrote.
#[derive(Debug, Clone)]
pub struct Pki {
    directory: PathBuf,
}

type Authority = CertifiedIssuer<'static, KeyPair>;

impl Pki {
    /// Makes a certificate authority, the API server's certificates for `addresses`, and the key
    /// that signs service account tokens.
    pub fn create(directory: &Path, addresses: &[IpAddr]) -> Result<Self> {
        files::make_dir(directory)?;
        let pki = Self { directory: directory.to_owned() };
        let authority = authority()?;
        files::write(&pki.path("ca.crt"), authority.pem())?;
        files::write_secret(&pki.path("ca.key"), authority.key().serialize_pem())?;
        pki.issue("apiserver", server(addresses)?, &authority)?;
        pki.issue("kubelet-client", client("kube-apiserver-kubelet-client", Some(MASTERS)), &authority)?;
        pki.issue("front-proxy", client("front-proxy-client", None), &authority)?;
        let signer = KeyPair::generate().map_err(failed("service accounts"))?;
        files::write_secret(&pki.path("sa.key"), signer.serialize_pem())?;
        files::write(&pki.path("sa.pub"), signer.public_key_pem())?;
        Ok(pki)
    }

    /// Full path of a file, such as `ca.crt`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn issue(&self, name: &'static str, parameters: CertificateParams, authority: &Authority) -> Result<()> {
        let key = KeyPair::generate().map_err(failed(name))?;
        let certificate = parameters.signed_by(&key, authority).map_err(failed(name))?;
        files::write(&self.path(&format!("{name}.crt")), certificate.pem())?;
        files::write_secret(&self.path(&format!("{name}.key")), key.serialize_pem())
    }
}

fn failed(subject: &'static str) -> impl FnOnce(rcgen::Error) -> Error {
    move |source| Error::Certificate { subject, source }
}

fn authority() -> Result<Authority> {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, "relay-operator test authority");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().map_err(failed("the authority"))?;
    CertifiedIssuer::self_signed(parameters, key).map_err(failed("the authority"))
}

fn server(addresses: &[IpAddr]) -> Result<CertificateParams> {
    let names = SERVER_NAMES.map(String::from);
    let mut parameters = CertificateParams::new(names).map_err(failed("the API server"))?;
    parameters.distinguished_name.push(DnType::CommonName, "kube-apiserver");
    parameters.subject_alt_names.extend(addresses.iter().copied().map(SanType::IpAddress));
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(parameters)
}

fn client(name: &str, group: Option<&str>) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    if let Some(group) = group {
        parameters.distinguished_name.push(DnType::OrganizationName, group);
    }
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    parameters
}
