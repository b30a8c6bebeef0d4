(** * The proofs of the main theorems, continued

    Each is a line that names the theorem from which it is taken; what they state stands in
    [Pinned.v]. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics ErrorConstants Network VectorFieldNetwork FurtherVocabulary.
From CEP Require Import AugmentedPrimitive CorrectedVectorField CorrectedBound EpLimit Stability PerLayer Centred.
From CEP Require Pinned.
Set Implicit Arguments.
Open Scope R_scope.

(** ** C-EP tends to EP *)

Theorem cep_tends_to_ep : Pinned.cep_tends_to_ep.
Proof. intros N rates beta t HR Hb HC. exact (@EpLimit.cep_tends_to_ep N rates beta HR Hb HC t). Qed.

Theorem cep_updates_tend_to_ep : Pinned.cep_updates_tend_to_ep.
Proof. exact (@EpLimit.cep_updates_tend_to_ep). Qed.

(** ** One learning rate for each layer *)

Theorem joint_limit_per_layer : Pinned.joint_limit_per_layer.
Proof.
intros N DF DPhi_theta n P T along HF beta eta kappa t HD Hc HS HP Hb Hb0 He0 Hk.
destruct (@per_layer_joint_limit N DF DPhi_theta n P HD Hc HS HP T along HF beta eta kappa Hb Hb0 Hk t) as [L1 L2].
exact (conj L1 (fun l Hl => L2 l Hl (He0 l Hl))).
Qed.

Theorem order_of_limits_per_layer : Pinned.order_of_limits_per_layer.
Proof.
intros N nabla_s nabla_theta DF DPhi_theta n P T along HF beta eta t HP HD HL HS Hs Hth Pl Hb Hb0 He0 HK Hsg.
exact (@PerLayer.order_of_limits_per_layer N DF DPhi_theta nabla_s nabla_theta n P HP HD HL HS Hs Hth Pl T along HF beta eta t Hb Hb0 He0 HK Hsg).
Qed.

(** ** Stability *)

Theorem component_along_eigenvector : Pinned.component_along_eigenvector.
Proof.
intros N DF DPhi_theta T along HF beta eta kappa lambda v t HP HD.
exact (@Stability.component_along_eigenvector N DF DPhi_theta HP HD T along HF beta eta kappa lambda v t).
Qed.
Theorem stable_along_eigenvector : Pinned.stable_along_eigenvector.
Proof. intros N DF DPhi_theta kappa lambda v HP HD. exact (@Stability.stable_along_eigenvector N DF DPhi_theta HP HD kappa lambda v). Qed.
Theorem eigenvalue_of_kappa : Pinned.eigenvalue_of_kappa.
Proof. intros N DF DPhi_theta kappa lambda v HP HD. exact (@Stability.eigenvalue_of_kappa N DF DPhi_theta HP HD kappa lambda v). Qed.
Theorem two_sided_bound : Pinned.two_sided_bound.
Proof. intros N DF DPhi_theta mu gamma kappa v HP HD. exact (@Stability.two_sided_bound N DF DPhi_theta HP HD mu gamma kappa v). Qed.
Theorem updates_grow : Pinned.updates_grow.
Proof. intros N DF DPhi_theta kappa r t HP HD. exact (@Stability.updates_grow N DF DPhi_theta HP HD kappa r t). Qed.

(** ** The centred estimator *)

Theorem first_order_error : Pinned.first_order_error.
Proof.
intros N DF DPhi_theta QF QPhi hessian t g_s g_th HP HD HL HS.
exact (@Centred.first_order_error N DF DPhi_theta QF QPhi hessian HD HS HP HL t g_s g_th).
Qed.
Theorem centred_order_two : Pinned.centred_order_two.
Proof.
intros N DF DPhi_theta QF QPhi hessian t g_s g_th HP HD HL HS Hs Hth.
exact (@Centred.centred_error N DF DPhi_theta QF QPhi hessian HD HS HP HL t g_s g_th Hs Hth).
Qed.

(** ** C-VF, plain at a fixed ratio, and corrected *)

Theorem vector_field_joint_limit : Pinned.vector_field_joint_limit.
Proof. intros N T along HF beta eta kappa t HD HT HC HS. exact (@plain_joint_limit N HD HT HS T along HF beta eta kappa t HC). Qed.

Theorem vector_field_gradients : Pinned.vector_field_gradients.
Proof. intros N t HD HT HL HS. exact (@vf_bptt_gradients N HD HT HS t HL). Qed.

Theorem theorem1_without_symmetry : Pinned.theorem1_without_symmetry.
Proof. intros N t g_s g_th HD HT HL HC HS. exact (@corrected_iterated_limit N HD HT HS t g_s g_th HL HC). Qed.

Theorem joint_limit_without_symmetry : Pinned.joint_limit_without_symmetry.
Proof. intros N T along HF beta eta kappa t HD HT HC HS. exact (@corrected_joint_limit N HD HT HS T along HF beta eta kappa t HC). Qed.

Theorem vanishing_ratio_without_symmetry : Pinned.vanishing_ratio_without_symmetry.
Proof. intros N T along HF beta eta t g_s g_th HD HT HL HS. exact (@corrected_joint_limit_0 N HD HT HS T along HF beta eta t g_s g_th HL). Qed.

Theorem error_bound_without_symmetry : Pinned.error_bound_without_symmetry.
Proof. intros N d t g_s g_th HD HT HL HS. exact (@corrected_error_bound N HD HT HS d t g_s g_th HL). Qed.

Theorem geometric_bound_without_symmetry : Pinned.geometric_bound_without_symmetry.
Proof.
intros N d beta eta g t g_s g_th HD HT HL HS Hd Hbox Hg Hs Hth rate Hb H1 H2.
exact (@geometric_error N d HD HT HS Hd Hbox beta eta g t Hb Hg H1 H2 g_s g_th HL Hs Hth).
Qed.

Theorem no_correction_when_symmetric : Pinned.no_correction_when_symmetric.
Proof. intros N beta eta t HJ. exact (@corrected_is_plain N HJ beta eta t). Qed.

Theorem theorem1_as_symmetric_case : Pinned.theorem1_as_symmetric_case.
Proof. exact (@CorrectedVectorField.theorem1_as_symmetric_case). Qed.
