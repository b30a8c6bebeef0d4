(** * The order of limits: C-EP computes -nabla if and only if eta/beta -> 0

    Theorem 1 takes eta to 0 first and beta to 0 after.  Here both go to 0
    together, along an arbitrary filter, and kappa = eta/beta is free: it need
    not converge and, in the first three theorems, need not be bounded.  Write
    [g] for the gradient of the loss at the steady state, [B = dF/dtheta],
    [C = d(dPhi/dtheta)/ds = B^T], so that [nabla_s(t) = J^t g] and
    [nabla_theta(t) = C J^t g].

    - [order_of_limits_param], [order_of_limits_state]: for the steps [0 .. t]
      taken together, the updates converge to minus the gradients if and only if
      kappa -> 0, as soon as [nabla_theta(i)] is not zero for some [i < t].
      For the states [dPhi/dtheta] must be strictly differentiable in [s], as it is when its derivative is
      continuous ([strict_of_continuous_derivative] in [Hilbert.v]); whether this can be weakened is open.
    - [cep_order_of_limits]: the case [t = 1] of the state, for [Delta_s(1)] alone.
    - [order_of_limits_matters], [order_of_limits_matters_state]: that condition is the weakest possible;
      [kappa_invisible_in_updates] is what happens without it.
    - [single_step_param], [single_step_state]: for one step [t] taken alone and
      kappa in a compact interval, the necessary and sufficient condition is that
      [(J + kappa B C)^t g] differs from [J^t g] for each kappa <> 0 of the interval;
      [single_step_small_ratio] is the criterion by the first kappa-term.
    - [limit_at_fixed_kappa]: the same question when kappa converges.

    Counter-examples to the statements for one step without the condition on
    kappa are in [OrderOfLimitsExamples.v].

    Idea.  In units of beta, the perturbation has size [1 + |kappa|].  Until the
    first [m] with [nabla_theta(m) <> 0] the parameters do not move at that order, so
    the state at step [m + 1] does not depend on kappa; then the parameters move by
    [-kappa nabla_theta(m)], and the next state update is
    [-nabla_s(m+1) - kappa B nabla_theta(m) + o(1 + |kappa|)].  If this is to converge
    to [-nabla_s(m+1)] then [kappa B nabla_theta(m) = o(1 + |kappa|)], which forces
    kappa -> 0 because [B nabla_theta(m) = B C J^m g] has the inner product
    [|nabla_theta(m)|^2 > 0] with [J^m g]. *)
From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse Potential JointLimit
  ModifiedJacobian MovingRatio FirstTrace.
From CEP Require Export Hilbert.
From CEP Require Export Vocabulary.
Set Implicit Arguments.
Open Scope R_scope.

Section OrderOfLimits.
Variables State Param : NM.
Notation Z := (prod_NormedModule R_AbsRing State Param).
Variables (ipS : State -> State -> R) (ipT : Param -> Param -> R).
Hypothesis HS : is_inner_product State ipS.
Hypothesis HT : is_inner_product Param ipT.
Variables (Phi : State * Param -> R) (F : State * Param -> State) (Phi_theta : State * Param -> Param).
Variables (ell : State -> R) (grad_ell : State -> State) (s_star : State) (theta : Param).
Hypothesis primitive : locally ((s_star, theta) : Z) (fun z => is_gradient Z (@product_inner State Param ipS ipT) Phi z (F z, Phi_theta z)).
Variables (DF : State * Param -> State) (DPhi_theta : State * Param -> Param).
Hypothesis F_diff : filterdiff (U := Z) F (locally ((s_star, theta) : Z)) DF.
Hypothesis Phi_theta_diff : filterdiff (U := Z) Phi_theta (locally ((s_star, theta) : Z)) DPhi_theta.
Hypothesis ell_grad : is_gradient State ipS ell s_star (grad_ell s_star).
Hypothesis grad_ell_cont : continuous grad_ell s_star.
Hypothesis settled : F (s_star, theta) = s_star.

Local Notation J := (dF_ds DF).
Local Notation B := (dF_dtheta DF).
Local Notation C := (dPhi_theta_ds DPhi_theta).
Local Notation g := (grad_ell s_star).
Local Notation M kappa := (modified_jacobian (dF_ds DF) (dF_dtheta DF) (dPhi_theta_ds DPhi_theta) kappa).
Local Notation cep_Delta_s := (Delta_s F grad_ell (ep_rule Phi_theta) s_star theta).
Local Notation cep_Delta_theta := (Delta_theta F grad_ell (ep_rule Phi_theta) s_star theta).
Local Notation J_linear := (@dF_ds_linear State Param F s_star theta DF F_diff).
Local Notation B_linear := (@dF_dtheta_linear State Param F s_star theta DF F_diff).
Local Notation C_linear := (@dPhi_theta_ds_linear State Param Phi_theta s_star theta DPhi_theta Phi_theta_diff).
Local Notation rule_diff := (@ep_rule_diff State Param s_star theta Phi_theta DPhi_theta Phi_theta_diff).
Local Notation F_split := (@F_diff_split State Param F s_star theta DF F_diff).
Local Notation at_rest := (@ep_rule_at_rest State Param Phi_theta s_star theta).
Local Notation gradients := (@bptt_gradients State Param ipS ipT HS HT Phi F Phi_theta ell grad_ell s_star theta primitive DF DPhi_theta F_diff Phi_theta_diff ell_grad settled).
Local Notation adjoint := (@mixed_derivative_adjoint State Param ipS ipT HS HT Phi F Phi_theta s_star theta primitive DF DPhi_theta F_diff Phi_theta_diff).

(** The gradients of BPTT, as derivatives of the unrolled loss. *)
Variables (nabla_s : nat -> State) (nabla_theta : nat -> Param).
Hypothesis bptt_s : forall t, is_gradient State ipS (fun s => ell (free_phase F theta t s)) s_star (nabla_s t).
Hypothesis bptt_theta : forall t, is_gradient Param ipT (fun th => ell (free_phase F theta t (F (s_star, th)))) theta (nabla_theta t).

Lemma nabla_s_iterate t : nabla_s t = iterate J t g.
Proof. exact (gradient_unique HS (bptt_s t) (proj1 (gradients t))). Qed.
Lemma nabla_theta_iterate t : nabla_theta t = C (iterate J t g).
Proof. exact (gradient_unique HT (bptt_theta t) (proj2 (gradients t))). Qed.
Lemma C_opp y : C (opp y) = opp (C y).
Proof. exact (linear_opp C y C_linear). Qed.

(** The first kappa-term does not vanish: [B C y <> 0] and [C B C y <> 0] when [C y <> 0]. *)
Lemma BC_nonzero y : C y <> zero -> B (C y) <> zero.
Proof.
intros H E. generalize (ip_pos HT H). rewrite <- adjoint, E, (ip_sym HS zero), (ip0r HS). lra.
Qed.
Lemma CB_nonzero v : B v <> zero -> C (B v) <> zero.
Proof.
intros H E. generalize (ip_pos HS H). rewrite adjoint, E, (ip0r HT). lra.
Qed.

Section Filter.
Context {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF}.
Variables beta eta : T -> R.
Hypothesis beta_to_0 : filterlim beta FF (locally (0:R)).
Hypothesis beta_nonzero : FF (fun x => beta x <> 0).
Hypothesis eta_nonzero : FF (fun x => eta x <> 0).
Local Notation kappa x := (eta x / beta x).
Local Notation right_s t := (filterlim (fun x => cep_Delta_s (beta x) (eta x) t) FF (locally (opp (nabla_s t)))).
Local Notation right_theta t := (filterlim (fun x => cep_Delta_theta (beta x) (eta x) t) FF (locally (opp (nabla_theta t)))).

(** The easy direction, at every step: the joint limit with kappa -> 0. *)
Lemma ratio_null t : filterlim (fun x => kappa x) FF (locally (0:R)) -> right_s t /\ right_theta t.
Proof.
intros Hk. rewrite nabla_s_iterate, nabla_theta_iterate.
destruct (@cep_joint_limit State Param F Phi_theta grad_ell s_star theta DF DPhi_theta F_diff Phi_theta_diff grad_ell_cont settled T FF HF beta eta 0 beta_to_0 beta_nonzero eta_nonzero Hk t) as [L1 L2].
assert (E : iterate (fun y => plus (J y) (scal (0 : R_AbsRing) (B (C y)))) t g = iterate J t g).
{ apply iterate_ext. intros y. module State. }
rewrite E in L1, L2. auto.
Qed.

Lemma first_visible t : (exists i, (i < t)%nat /\ nabla_theta i <> zero) ->
  exists m, (m < t)%nat /\ nabla_theta m <> zero /\ forall i, (i < m)%nat -> nabla_theta i = zero.
Proof.
induction t as [|t IH]; intros [i [Hi Hn]]. lia.
destruct (eq_dec (nabla_theta i) zero) as [E|_]. contradiction.
assert (D : (exists j, (j < t)%nat /\ nabla_theta j <> zero) \/ forall j, (j < t)%nat -> nabla_theta j = zero).
{ clear IH Hi Hn. induction t as [|t [[j [H1 H2]]|H]]. right; lia. left; exists j; split; [lia|auto].
  destruct (eq_dec (nabla_theta t) zero) as [E|E].
  right. intros j Hj. destruct (Nat.eq_dec j t) as [->|]; auto. apply H; lia.
  left. exists t. split; [lia|auto]. }
destruct D as [D|D].
- destruct (IH D) as [m [H1 H2]]. exists m. split; [lia|auto].
- exists t. split. lia. split. 2: exact D.
  destruct (Nat.eq_dec i t) as [->|]; auto. exfalso. apply Hn, D. lia.
Qed.

Section EtaToZero.
Hypothesis eta_to_0 : filterlim eta FF (locally (0:R)).
Local Notation rate_of := (@rate State Param F grad_ell (ep_rule Phi_theta) s_star theta T beta eta).
Local Notation trace m c H0 H1 := (@first_trace State Param F grad_ell (ep_rule Phi_theta) s_star theta J B C J_linear B_linear C_linear
  settled at_rest F_split rule_diff grad_ell_cont T FF HF beta eta beta_to_0 beta_nonzero eta_to_0 m c H0 H1).
Local Notation weight := (fun x => 1 + Rabs (kappa x)).
Local Notation weight_ge_1 := (w_ge_1 beta eta).

(** The rates are the updates of theta. *)
Lemma rate_Delta_theta t (c : Param) :
  filterlim (fun x => cep_Delta_theta (beta x) (eta x) t) FF (locally c) -> filterlim (rate_of t) FF (locally c).
Proof.
intros H. eapply filterlim_ext_loc. 2: exact H.
exact (@Delta_theta_rate State Param F grad_ell (ep_rule Phi_theta) s_star theta T FF HF beta eta beta_nonzero t eta_nonzero).
Qed.

(** An update that is right up to [kappa v], with [v <> 0], is right in the limit only if kappa -> 0. *)
Lemma ratio_null_of_trace (V : NM) (D : T -> V) (a v : V) : v <> zero ->
  littleO FF weight V (fun x => minus (D x) (plus a (scal (kappa x : R_AbsRing) v))) ->
  filterlim D FF (locally a) -> filterlim (fun x => kappa x) FF (locally (0:R)).
Proof.
intros Hv H1 H2. apply (@kappa_to_0 T FF HF beta eta V v Hv).
assert (H3 : littleO FF weight V (fun x => minus (D x) a)).
{ apply (@lo_of_limit T FF HF weight weight_ge_1 V).
  assert (E : (zero : V) = minus a a) by module V. rewrite E.
  apply (@flim_minus T FF HF V). exact H2. apply filterlim_const. }
refine (@lo_ext T FF HF weight V _ _ _ (@lo_minus T FF HF weight V _ _ H3 H1)).
apply filter_forall. intros x. module V.
Qed.

(** *** The updates of the parameters *)
Theorem order_of_limits_param t : (exists i, (i < t)%nat /\ nabla_theta i <> zero) ->
  ((forall j, (j <= t)%nat -> right_theta j) <-> filterlim (fun x => kappa x) FF (locally (0:R))).
Proof.
intros Hv. split. 2: intros Hk j _; now apply ratio_null.
intros HD. destruct (first_visible Hv) as [m [Hm [Hne H0]]].
assert (R0 : forall i, (i < m)%nat -> filterlim (rate_of i) FF (locally (zero : Param))).
{ intros i Hi. apply rate_Delta_theta.
  assert (E : opp (nabla_theta i) = zero) by (rewrite (H0 i Hi); module Param). rewrite <- E. apply HD. lia. }
assert (R1 := @rate_Delta_theta m _ (HD m ltac:(lia))).
destruct (trace m _ R0 R1) as [_ X]. specialize (X eta_nonzero).
apply (@ratio_null_of_trace Param (fun x => cep_Delta_theta (beta x) (eta x) (1 + m)) (C (opp (iterate J (1 + m) g))) (C (B (opp (nabla_theta m))))).
- apply CB_nonzero. assert (E : B (opp (nabla_theta m)) = opp (B (nabla_theta m))) by exact (linear_opp B _ B_linear).
  rewrite E, nabla_theta_iterate. intros E2. rewrite nabla_theta_iterate in Hne. apply (BC_nonzero Hne).
  transitivity (opp (opp (B (C (iterate J m g))))). module State. rewrite E2. module State.
- exact X.
- assert (L := HD (1 + m)%nat ltac:(lia)). rewrite nabla_theta_iterate in L. rewrite C_opp. exact L.
Qed.

(** *** The updates of the state *)
Lemma order_of_limits_state_of_rates m : nabla_theta m <> zero ->
  (forall i, (i <= m)%nat -> filterlim (rate_of i) FF (locally (opp (nabla_theta i)))) ->
  (forall i, (i < m)%nat -> nabla_theta i = zero) ->
  right_s (1 + m)%nat -> filterlim (fun x => kappa x) FF (locally (0:R)).
Proof.
intros Hne HR H0 HD.
assert (R0 : forall i, (i < m)%nat -> filterlim (rate_of i) FF (locally (zero : Param))).
{ intros i Hi. assert (E : opp (nabla_theta i) = zero) by (rewrite (H0 i Hi); module Param). rewrite <- E. apply HR. lia. }
destruct (trace m _ R0 (HR m ltac:(lia))) as [X _].
apply (@ratio_null_of_trace State (fun x => cep_Delta_s (beta x) (eta x) (1 + m)) (opp (iterate J (1 + m) g)) (B (opp (nabla_theta m)))).
- assert (E : B (opp (nabla_theta m)) = opp (B (nabla_theta m))) by exact (linear_opp B _ B_linear).
  rewrite E, nabla_theta_iterate. intros E2. rewrite nabla_theta_iterate in Hne. apply (BC_nonzero Hne).
  transitivity (opp (opp (B (C (iterate J m g))))). module State. rewrite E2. module State.
- exact X.
- rewrite nabla_s_iterate in HD. exact HD.
Qed.

Theorem order_of_limits_state t : strictly_differentiable_in_s State Param Phi_theta C s_star theta ->
  (exists i, (i < t)%nat /\ nabla_theta i <> zero) ->
  ((forall j, (j <= t)%nat -> right_s j) <-> filterlim (fun x => kappa x) FF (locally (0:R))).
Proof.
intros Hstrict Hv. split. 2: intros Hk j _; now apply ratio_null.
intros HD. destruct (first_visible Hv) as [m [Hm [Hne H0]]].
apply (@order_of_limits_state_of_rates m Hne). 2: exact H0. 2: apply HD; lia.
intros i Hi. rewrite nabla_theta_iterate, <- C_opp.
apply (@rate_limit State Param F grad_ell (ep_rule Phi_theta) s_star theta J C C_linear
  T FF HF beta eta beta_to_0 beta_nonzero eta_to_0 Hstrict m); auto.
intros j Hj. rewrite <- nabla_s_iterate. apply HD. lia.
Qed.

(** At the first step the derivative of the rule at rest is enough, and [Delta_s(1)] decides alone. *)
Theorem first_step_state : nabla_theta 0 <> zero ->
  (right_s 1%nat <-> filterlim (fun x => kappa x) FF (locally (0:R))).
Proof.
intros Hne. split. 2: intros Hk; now apply ratio_null.
intros HD. apply (@order_of_limits_state_of_rates 0 Hne). 3: exact HD. 2: lia.
intros i Hi. assert (i = 0)%nat by lia. subst i. rewrite nabla_theta_iterate, <- C_opp.
exact (@rate_0 State Param F grad_ell (ep_rule Phi_theta) s_star theta J B C J_linear B_linear C_linear settled at_rest F_split rule_diff
  grad_ell_cont T FF HF beta eta beta_to_0 beta_nonzero).
Qed.
End EtaToZero.

(** *** A bounded ratio *)
Lemma eta_to_0_of_bounded K : FF (fun x => Rabs (kappa x) <= K) -> filterlim eta FF (locally (0:R)).
Proof.
intros HK. apply (@flim_norm T FF HF R_NormedModule). intros eps.
assert (P : 0 < Rabs K + 1) by (generalize (Rabs_pos K); lra).
assert (He : 0 < eps / (Rabs K + 1)) by (apply Rdiv_lt_0_compat; auto; apply cond_pos).
assert (N := proj1 (@flim_norm T FF HF R_NormedModule beta 0) beta_to_0 (mkposreal _ He)).
refine (@filter_imp T FF HF _ _ _ (filter_and _ _ beta_nonzero (filter_and _ _ HK N))). intros x [X [Y Q]].
change (Rabs (beta x + - 0) < eps / (Rabs K + 1)) in Q. change (Rabs (eta x + - 0) < eps).
rewrite Ropp_0, Rplus_0_r in *.
replace (eta x) with (kappa x * beta x) by (field; auto). rewrite Rabs_mult.
apply Rle_lt_trans with ((Rabs K + 1) * Rabs (beta x)).
apply Rmult_le_compat_r. apply Rabs_pos. generalize (Rle_abs K); lra.
apply (Rmult_lt_compat_l (Rabs K + 1)) in Q; auto. eapply Rlt_le_trans. exact Q. right; field; lra.
Qed.
Local Notation moving K HK t := (@Delta_moving_ratio State Param F grad_ell (ep_rule Phi_theta) s_star theta J B C J_linear B_linear C_linear
  settled at_rest F_split rule_diff grad_ell_cont T FF HF beta eta beta_to_0 beta_nonzero (@eta_to_0_of_bounded K HK) K HK t).

(** If [nabla_theta(i) = 0] for every [i < t], the updates up to step [t] are right whatever the (bounded) ratio does. *)
Theorem kappa_invisible_in_updates t K : (forall i, (i < t)%nat -> nabla_theta i = zero) ->
  FF (fun x => Rabs (kappa x) <= K) -> forall j, (j <= t)%nat -> right_s j /\ right_theta j.
Proof.
intros H0 HK j Hj. destruct (moving K HK j) as [L1 L2]. specialize (L2 eta_nonzero).
assert (E : forall k, iterate (M k) j g = iterate J j g).
{ intros k. apply (@kappa_invisible State Param J B C B_linear g t); auto.
  intros i Hi. rewrite <- nabla_theta_iterate. auto. }
split.
- rewrite nabla_s_iterate.
  apply filterlim_ext with (fun x => plus (plus (cep_Delta_s (beta x) (eta x) j) (iterate (M (kappa x)) j g)) (opp (iterate J j g))).
  intros x. rewrite E. module State.
  assert (E1 : opp (iterate J j g) = plus zero (opp (iterate J j g))) by module State.
  replace (locally (opp (iterate J j g))) with (locally (plus zero (opp (iterate J j g)))) by (rewrite <- E1; reflexivity).
  apply (@flim_plus T FF HF State). exact L1. apply filterlim_const.
- rewrite nabla_theta_iterate.
  apply filterlim_ext with (fun x => plus (plus (cep_Delta_theta (beta x) (eta x) j) (C (iterate (M (kappa x)) j g))) (opp (C (iterate J j g)))).
  intros x. rewrite E. module Param.
  assert (E1 : opp (C (iterate J j g)) = plus zero (opp (C (iterate J j g)))) by module Param.
  replace (locally (opp (C (iterate J j g)))) with (locally (plus zero (opp (C (iterate J j g))))) by (rewrite <- E1; reflexivity).
  apply (@flim_plus T FF HF Param). exact L2. apply filterlim_const.
Qed.

(** One step alone: [P] is the identity for [Delta_s] and [C] for [Delta_theta]. *)
Lemma single_step_ratio_null (V : NM) (P : State -> V) (D : T -> V) t lo hi : is_linear P ->
  (forall k, lo <= k <= hi -> k <> 0 -> P (iterate (M k) t g) <> P (iterate J t g)) ->
  FF (fun x => lo <= kappa x <= hi) ->
  filterlim (fun x => plus (D x) (P (iterate (M (kappa x)) t g))) FF (locally (zero : V)) ->
  filterlim D FF (locally (opp (P (iterate J t g)))) ->
  filterlim (fun x => kappa x) FF (locally (0:R)).
Proof.
intros HP H Hk L1 L2. apply (@flim_norm T FF HF R_NormedModule). intros eps.
destruct (@small_difference_small_kappa State Param J B C J_linear B_linear C_linear g V P t lo hi HP H eps) as [d Hd].
assert (L : filterlim (fun x => minus (plus (D x) (P (iterate (M (kappa x)) t g))) (D x)) FF (locally (minus (zero : V) (opp (P (iterate J t g))))))
  by (apply (@flim_minus T FF HF V); auto).
assert (N := proj1 (@flim_norm T FF HF V _ _) L d).
refine (@filter_imp T FF HF _ _ _ (filter_and _ _ Hk N)). intros x [X Y].
change (Rabs (kappa x + - 0) < eps). rewrite Ropp_0, Rplus_0_r. apply Hd. exact X.
eapply Rle_lt_trans. 2: exact Y. right. apply f_equal. module V.
Qed.
Lemma bounded_of_interval lo hi : FF (fun x => lo <= kappa x <= hi) -> FF (fun x => Rabs (kappa x) <= Rabs lo + Rabs hi).
Proof.
apply filter_imp. intros x [X Y]. apply Rabs_le. generalize (Rle_abs hi) (Rle_abs (- lo)) (Rabs_pos lo) (Rabs_pos hi).
rewrite Rabs_Ropp. lra.
Qed.
Lemma single_step_state_sufficient t lo hi : FF (fun x => lo <= kappa x <= hi) ->
  (forall k, lo <= k <= hi -> k <> 0 -> iterate (M k) t g <> nabla_s t) ->
  (right_s t <-> filterlim (fun x => kappa x) FF (locally (0:R))).
Proof.
intros Hk H. split. 2: intros; now apply ratio_null.
intros HD. rewrite nabla_s_iterate in HD, H.
apply (@single_step_ratio_null State (fun y => y) (fun x => cep_Delta_s (beta x) (eta x) t) t lo hi (is_linear_id)); auto.
exact (proj1 (moving _ (bounded_of_interval Hk) t)).
Qed.
Lemma single_step_param_sufficient t lo hi : FF (fun x => lo <= kappa x <= hi) ->
  (forall k, lo <= k <= hi -> k <> 0 -> C (iterate (M k) t g) <> nabla_theta t) ->
  (right_theta t <-> filterlim (fun x => kappa x) FF (locally (0:R))).
Proof.
intros Hk H. split. 2: intros; now apply ratio_null.
intros HD. rewrite nabla_theta_iterate in HD, H.
apply (@single_step_ratio_null Param C (fun x => cep_Delta_theta (beta x) (eta x) t) t lo hi C_linear); auto.
exact (proj2 (moving _ (bounded_of_interval Hk) t) eta_nonzero).
Qed.
End Filter.

(** If kappa converges, the question is whether the polynomial takes the same value there as at 0. *)
Theorem limit_at_fixed_kappa {T : Type} (FF : (T -> Prop) -> Prop) {HF : ProperFilter' FF} (beta eta : T -> R) (k : R) :
  filterlim beta FF (locally (0:R)) -> FF (fun x => beta x <> 0) -> FF (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) FF (locally (k:R)) -> forall t,
  (filterlim (fun x => cep_Delta_s (beta x) (eta x) t) FF (locally (opp (nabla_s t))) <-> iterate (M k) t g = nabla_s t) /\
  (filterlim (fun x => cep_Delta_theta (beta x) (eta x) t) FF (locally (opp (nabla_theta t))) <-> C (iterate (M k) t g) = nabla_theta t).
Proof.
intros Hb Hb0 He0 Hk t.
destruct (@cep_joint_limit State Param F Phi_theta grad_ell s_star theta DF DPhi_theta F_diff Phi_theta_diff grad_ell_cont settled T FF _ beta eta k Hb Hb0 He0 Hk t) as [L1 L2].
split; split.
- intros L. assert (E := @filterlim_locally_unique T R_AbsRing State FF _ _ _ _ L1 L).
  transitivity (opp (opp (nabla_s t))). 2: module State. rewrite <- E.
  change (iterate (M k) t g = opp (opp (iterate (M k) t g))). module State.
- intros E. rewrite <- E. exact L1.
- intros L. assert (E := @filterlim_locally_unique T R_AbsRing Param FF _ _ _ _ L2 L).
  transitivity (opp (opp (nabla_theta t))). 2: module Param. rewrite <- E.
  change (C (iterate (M k) t g) = opp (opp (C (iterate (M k) t g)))). module Param.
- intros E. rewrite <- E. exact L2.
Qed.

(** ** Necessary and sufficient conditions on the network *)

(** Along the path [eta = k beta], with [k <> 0], the ratio does not vanish. *)
Lemma straight_path (range : R -> Prop) (good : forall T : Type, ((T -> Prop) -> Prop) -> (T -> R) -> (T -> R) -> Prop) (k : R) : k <> 0 -> range k -> forces_order_of_limits range good ->
  ~ good R (locally' (0:R)) (fun b => b) (fun b => k * b).
Proof.
intros Hk Hr H G.
assert (E0 : locally' (0:R) (fun b : R => k * b / b = k)).
{ refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. field; auto. }
assert (L : filterlim (fun b : R => k * b / b) (locally' (0:R)) (locally (0:R))).
{ apply (H R (locally' (0:R)) _ (fun b => b) (fun b => k * b)); auto.
  - exact id_to0'.
  - exact ne0'.
  - assert (E : locally (0:R) = locally (k * 0)) by (f_equal; ring). rewrite E.
    apply (@flim_scal R (locally' (0:R)) _ R_NormedModule (fun _ => k) (fun b => b) k 0). apply filterlim_const. exact id_to0'.
  - refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. now apply Rmult_integral_contrapositive_currified.
  - refine (@filter_imp R (locally' (0:R)) _ _ _ _ E0). intros b Eb. now rewrite Eb. }
assert (L' : filterlim (fun _ : R => k) (locally' (0:R)) (locally (0:R))).
{ eapply filterlim_ext_loc; [|exact L]. exact E0. }
apply Hk. exact (@filterlim_locally_unique R R_AbsRing R_NormedModule (locally' (0:R)) (Proper_StrongProper _ (Rbar_locally'_filter 0)) (fun _ => k) k 0
  (filterlim_const k) L').
Qed.
Lemma straight_path_facts k : k <> 0 ->
  locally' (0:R) (fun b : R => k * b <> 0) /\ filterlim (fun b : R => k * b / b) (locally' (0:R)) (locally k) /\
  locally' (0:R) (fun b : R => Rabs (k * b / b) <= Rabs k).
Proof.
intros Hk.
assert (E0 : locally' (0:R) (fun b : R => k = k * b / b)).
{ refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. field; auto. }
split; [|split].
- refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. now apply Rmult_integral_contrapositive_currified.
- eapply filterlim_ext_loc; [exact E0 | apply filterlim_const].
- refine (@filter_imp R (locally' (0:R)) _ _ _ _ E0). intros b Eb. rewrite <- Eb. lra.
Qed.

Local Notation all_right_theta t := (fun (T : Type) (FF : (T -> Prop) -> Prop) (beta eta : T -> R) =>
  forall j, (j <= t)%nat -> filterlim (fun x => cep_Delta_theta (beta x) (eta x) j) FF (locally (opp (nabla_theta j)))).
Local Notation all_right_s t := (fun (T : Type) (FF : (T -> Prop) -> Prop) (beta eta : T -> R) =>
  forall j, (j <= t)%nat -> filterlim (fun x => cep_Delta_s (beta x) (eta x) j) FF (locally (opp (nabla_s j)))).
Local Notation any := (fun _ : R => True).

Lemma nabla_theta_dec t : (exists i, (i < t)%nat /\ nabla_theta i <> zero) \/ forall i, (i < t)%nat -> nabla_theta i = zero.
Proof.
induction t as [|t [[j [H1 H2]]|H]]. right; lia. left; exists j; split; [lia|auto].
destruct (eq_dec (nabla_theta t) zero) as [E|E].
right. intros j Hj. destruct (Nat.eq_dec j t) as [->|]; auto. apply H; lia.
left. exists t. split; [lia|auto].
Qed.

(** The right updates of theta at the steps [0 .. t] force eta/beta -> 0 if and only if
    one of [nabla_theta(0 .. t-1)] is not zero. *)
Theorem order_of_limits_matters t :
  forces_order_of_limits any (all_right_theta t) <-> exists i, (i < t)%nat /\ nabla_theta i <> zero.
Proof.
split.
- intros H. destruct (nabla_theta_dec t) as [D|D]. exact D. exfalso.
  destruct (@straight_path_facts 1 R1_neq_R0) as [N1 [_ N3]].
  apply (@straight_path any _ 1 R1_neq_R0 I H). intros j Hj.
  exact (proj2 (@kappa_invisible_in_updates R (locally' (0:R)) _ (fun b => b) (fun b => 1 * b) id_to0' ne0' N1 t (Rabs 1) D N3 j Hj)).
- intros Hv T FF HF beta eta Hb Hb0 He He0 _ HD. exact (proj1 (@order_of_limits_param T FF HF beta eta Hb Hb0 He0 He t Hv) HD).
Qed.
Theorem order_of_limits_matters_state t : strictly_differentiable_in_s State Param Phi_theta C s_star theta ->
  (forces_order_of_limits any (all_right_s t) <-> exists i, (i < t)%nat /\ nabla_theta i <> zero).
Proof.
intros Hs. split.
- intros H. destruct (nabla_theta_dec t) as [D|D]. exact D. exfalso.
  destruct (@straight_path_facts 1 R1_neq_R0) as [N1 [_ N3]].
  apply (@straight_path any _ 1 R1_neq_R0 I H). intros j Hj.
  exact (proj1 (@kappa_invisible_in_updates R (locally' (0:R)) _ (fun b => b) (fun b => 1 * b) id_to0' ne0' N1 t (Rabs 1) D N3 j Hj)).
- intros Hv T FF HF beta eta Hb Hb0 He He0 _ HD. exact (proj1 (@order_of_limits_state T FF HF beta eta Hb Hb0 He0 He t Hs Hv) HD).
Qed.

(** One step alone, kappa in a compact interval. *)
Theorem single_step_state t lo hi :
  forces_order_of_limits (fun k => lo <= k <= hi)
    (fun T FF beta eta => filterlim (fun x => cep_Delta_s (beta x) (eta x) t) FF (locally (opp (nabla_s t)))) <->
  forall k, lo <= k <= hi -> k <> 0 -> iterate (M k) t g <> nabla_s t.
Proof.
split.
- intros H k Hk Hk0 E. destruct (straight_path_facts Hk0) as [N1 [N2 _]].
  apply (@straight_path _ _ k Hk0 Hk H).
  exact (proj2 (proj1 (@limit_at_fixed_kappa R (locally' (0:R)) (Proper_StrongProper _ (Rbar_locally'_filter 0)) (fun b => b) (fun b => k * b) k id_to0' ne0' N1 N2 t)) E).
- intros H T FF HF beta eta Hb Hb0 _ He0 Hk. exact (proj1 (@single_step_state_sufficient T FF HF beta eta Hb Hb0 He0 t lo hi Hk H)).
Qed.
Theorem single_step_param t lo hi :
  forces_order_of_limits (fun k => lo <= k <= hi)
    (fun T FF beta eta => filterlim (fun x => cep_Delta_theta (beta x) (eta x) t) FF (locally (opp (nabla_theta t)))) <->
  forall k, lo <= k <= hi -> k <> 0 -> C (iterate (M k) t g) <> nabla_theta t.
Proof.
split.
- intros H k Hk Hk0 E. destruct (straight_path_facts Hk0) as [N1 [N2 _]].
  apply (@straight_path _ _ k Hk0 Hk H).
  exact (proj2 (proj2 (@limit_at_fixed_kappa R (locally' (0:R)) (Proper_StrongProper _ (Rbar_locally'_filter 0)) (fun b => b) (fun b => k * b) k id_to0' ne0' N1 N2 t)) E).
- intros H T FF HF beta eta Hb Hb0 _ He0 Hk. exact (proj1 (@single_step_param_sufficient T FF HF beta eta Hb Hb0 He0 t lo hi Hk H)).
Qed.

(** One step alone, when its first kappa-term does not vanish: there is a bound on |kappa| under which
    the update of that step is right in the limit if and only if kappa -> 0. *)
Theorem single_step_small_ratio t :
  (first_kappa_term J B C g t <> zero -> exists K : posreal,
     forces_order_of_limits (fun k => - K <= k <= K)
       (fun T FF beta eta => filterlim (fun x => cep_Delta_s (beta x) (eta x) t) FF (locally (opp (nabla_s t))))) /\
  (C (first_kappa_term J B C g t) <> zero -> exists K : posreal,
     forces_order_of_limits (fun k => - K <= k <= K)
       (fun T FF beta eta => filterlim (fun x => cep_Delta_theta (beta x) (eta x) t) FF (locally (opp (nabla_theta t))))).
Proof.
split; intros Hne.
- destruct (@visible_nearby State Param J B C J_linear B_linear C_linear g State (fun y => y) t is_linear_id Hne) as [K HK].
  exists K. apply single_step_state. intros k Hk Hk0. rewrite nabla_s_iterate. apply HK; auto. now apply Rabs_le.
- destruct (@visible_nearby State Param J B C J_linear B_linear C_linear g Param C t C_linear Hne) as [K HK].
  exists K. apply single_step_param. intros k Hk Hk0. rewrite nabla_theta_iterate. apply HK; auto. now apply Rabs_le.
Qed.
End OrderOfLimits.

(** The first step, with every hypothesis in view. *)
Theorem cep_order_of_limits (State Param : NM) (ipS : State -> State -> R) (ipT : Param -> Param -> R) :
  is_inner_product State ipS -> is_inner_product Param ipT ->
  forall (Phi : State * Param -> R) (F : State * Param -> State) (Phi_theta : State * Param -> Param) (ell : State -> R) (grad_ell : State -> State) (s_star : State) (theta : Param)
    (DF : State * Param -> State) (DPhi_theta : State * Param -> Param),
  let Z := prod_NormedModule R_AbsRing State Param in
  locally ((s_star, theta) : Z) (fun z => is_gradient Z (@product_inner State Param ipS ipT) Phi z (F z, Phi_theta z)) ->
  filterdiff (U := Z) F (locally ((s_star, theta) : Z)) DF ->
  filterdiff (U := Z) Phi_theta (locally ((s_star, theta) : Z)) DPhi_theta ->
  is_gradient State ipS ell s_star (grad_ell s_star) -> continuous grad_ell s_star ->
  F (s_star, theta) = s_star ->
  forall (g_1 : State) (g_th1 : Param),
  is_gradient State ipS (fun s => ell (F (s, theta))) s_star g_1 ->
  is_gradient Param ipT (fun th => ell (F (s_star, th))) theta g_th1 ->
  g_th1 <> zero ->
  forall (T : Type) (FF : (T -> Prop) -> Prop) (HF : Filter FF) (beta eta : T -> R),
  filterlim beta FF (locally (0:R)) -> FF (fun x => beta x <> 0) ->
  filterlim eta FF (locally (0:R)) -> FF (fun x => eta x <> 0) ->
  (filterlim (fun x => Delta_s F grad_ell (ep_rule Phi_theta) s_star theta (beta x) (eta x) 1) FF (locally (opp g_1))
   <-> filterlim (fun x => eta x / beta x) FF (locally (0:R))).
Proof.
intros HS HT Phi F Phi_theta ell grad_ell s_star theta DF DPhi_theta Z primitive F_diff Phi_theta_diff ell_grad grad_ell_cont settled
  g_1 g_th1 H1 Hth1 Hne T FF HF beta eta Hb Hb0 He He0.
set (G := @bptt_gradients State Param ipS ipT HS HT Phi F Phi_theta ell grad_ell s_star theta primitive DF DPhi_theta F_diff Phi_theta_diff ell_grad settled).
rewrite (gradient_unique HS H1 (proj1 (G 1%nat))).
rewrite (gradient_unique HT Hth1 (proj2 (G 0%nat))) in Hne.
exact (@first_step_state State Param ipS ipT HS HT Phi F Phi_theta ell grad_ell s_star theta primitive DF DPhi_theta F_diff Phi_theta_diff
  ell_grad grad_ell_cont settled (fun t => iterate (dF_ds DF) t (grad_ell s_star)) (fun t => dPhi_theta_ds DPhi_theta (iterate (dF_ds DF) t (grad_ell s_star)))
  (fun t => proj1 (G t)) (fun t => proj2 (G t)) T FF HF beta eta Hb Hb0 He0 He Hne).
Qed.
