(** * The steady state, and free phases of finitely many steps

    Where the free phase contracts, the steady state exists, is unique, and is approached at a
    geometric rate ([steady_state]).  A contraction is read off the Jacobian in a ball round any
    state whose residual is small ([steady_state_in_ball]): numbers that interval arithmetic
    certifies.  A free phase of [T] steps then stands in for "settled", for one [beta] and one
    [eta] with an error ([finite_free_phase]), and in the limit if [c^T = o(beta)]
    ([theorem1_finite_free_phase]). *)

From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt Network Drift ApproximatelySettled Contraction.
From CEP Require Import Expansion ExpansionStep ExpansionBound.
From CEP Require Pinned.
Set Implicit Arguments.
Open Scope R_scope.

Lemma free_phase_iterate (State Param : NM) (F : State * Param -> State) (theta : Param) T s :
  free_phase F theta T s = iterate (fun s => F (s, theta)) T s.
Proof.
induction T as [|T IH]. reflexivity.
rewrite (@free_phase_S _ _ F theta T s), IH. reflexivity.
Qed.

Theorem steady_state : Pinned.steady_state.
Proof.
intros State Param F theta region c start HV Hc Hr Hs HF H0.
destruct (@fixed_point State (fun s => F (s, theta)) region c HV Hc Hr Hs (fun x y Hx Hy => HF y x Hy Hx) start H0) as [s [S1 [S2 [S3 S4]]]].
exists s. split. exact S1. split. exact S2. split. exact S3.
intros x T Hx. rewrite free_phase_iterate. exact (S4 x T Hx).
Qed.

(** In a ball: [center] need not be a steady state, nor [c] hold outside. *)
Theorem steady_state_in_ball : Pinned.steady_state_in_ball.
Proof.
intros State Param F theta center r c J HV Hc Hr HJ Hres.
assert (contraction : forall s s', norm (minus s center) <= r -> norm (minus s' center) <= r ->
  norm (minus (F (s', theta)) (F (s, theta))) <= c * norm (minus s' s)).
{ intros s s'. apply (@lipschitz_from_derivative State State (fun s => F (s, theta)) J (fun s => norm (minus s center) <= r) c).
  lra. 2: exact HJ.
  intros x y a Hx Hy Ha.
  replace (minus (plus x (scal (a : R_AbsRing) (minus y x))) center)
    with (plus (scal (1 - a : R_AbsRing) (minus x center)) (scal (a : R_AbsRing) (minus y center))) by module State.
  eapply Rle_trans. apply norm_triangle. rewrite !norm_scal_R, !Rabs_right by lra. nra. }
apply (@steady_state State Param F theta (fun s => norm (minus s center) <= r) c center HV Hc (@closed_ball State center r)).
- intros s Hs.
  assert (C0 : norm (minus center center) <= r) by (assert (Z : minus center center = zero) by module State; rewrite Z, norm_zero; exact Hr).
  assert (C := contraction center s C0 Hs).
  replace (minus (F (s, theta)) center) with (plus (minus (F (s, theta)) (F (center, theta))) (minus (F (center, theta)) center)) by module State.
  eapply Rle_trans. apply norm_triangle. assert (c * norm (minus s center) <= c * r) by (apply Rmult_le_compat_l; [lra | exact Hs]).
  apply Rle_trans with (c * r + (1 - c) * r); [|right; ring]. apply Rplus_le_compat; [|exact Hres]. eapply Rle_trans; [exact C | assumption].
- exact contraction.
- assert (Z : minus center center = zero) by module State. rewrite Z, norm_zero. exact Hr.
Qed.

(** ** A free phase of [T] steps in place of "settled" *)

Section FiniteFreePhase.
Variable N : network.
Variables (region : State N -> Prop) (c rho : R) (start : State N).
Hypothesis c_bounds : 0 <= c < 1.
Hypothesis stays : forall s, region s -> region (F N (s, theta N)).
Hypothesis contraction : forall s s', region s -> region s' ->
  norm (minus (F N (s', theta N)) (F N (s, theta N))) <= c * norm (minus s' s).
Hypothesis start_inside : region start.
Hypothesis rest_inside : region (s_star N).
Hypothesis at_rest : settled N.
Hypothesis start_residual : norm (residual N start) <= rho.
Let after T := free_phase (F N) (theta N) T start.

Lemma after_next T : after (S T) = F N (after T, theta N).
Proof. exact (@free_phase_S _ _ (F N) (theta N) T start). Qed.
Lemma after_inside T : region (after T).
Proof. induction T as [|T IH]. exact start_inside. rewrite after_next. now apply stays. Qed.
Lemma after_residual T : norm (residual N (after T)) <= c ^ T * rho.
Proof.
induction T as [|T IH]. simpl. rewrite Rmult_1_l. exact start_residual.
unfold residual. rewrite after_next. eapply Rle_trans.
apply contraction. apply after_inside. rewrite <- after_next. apply after_inside.
simpl. rewrite Rmult_assoc. apply Rmult_le_compat_l. lra. exact IH.
Qed.
Lemma after_distance T : norm (minus (after T) (s_star N)) <= c ^ T * (rho / (1 - c)).
Proof.
assert (C := contraction rest_inside (after_inside T)). unfold settled in at_rest. rewrite at_rest in C.
assert (Tr : norm (minus (after T) (s_star N)) <= norm (residual N (after T)) + norm (minus (F N (after T, theta N)) (s_star N))).
{ replace (minus (after T) (s_star N)) with (plus (opp (residual N (after T))) (minus (F N (after T, theta N)) (s_star N)))
    by (unfold residual; generalize (F N (after T, theta N)) (after T); intros; module (State N)).
  eapply Rle_trans. apply norm_triangle. rewrite norm_opp. lra. }
assert (small := after_residual T).
replace (c ^ T * (rho / (1 - c))) with (c ^ T * rho / (1 - c)) by (field; lra).
apply Rle_div_r; lra.
Qed.

Theorem finite_free_phase DF DPhi_theta (X : curvature N) (d : expansion_data) (T t : nat) (beta eta g L m n q : R) (g_s : State N) (g_th : Param N) :
  has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N ->
  sizes_nonnegative d -> @expands N DF DPhi_theta X d ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  beta <> 0 -> norm (grad_ell N (s_star N)) <= g -> 0 <= L ->
  (forall s, region s -> norm (minus (grad_ell N s) (grad_ell N (s_star N))) <= L * norm (minus s (s_star N))) ->
  let a0 := c ^ T * (rho / (1 - c)) in
  let e0 := c ^ T * (rho / Rabs beta) + L * a0 in
  geometric_certificate d (Rabs beta) (Rabs (eta / beta)) m n a0 (g + e0) q t ->
  norm (plus (Delta_state_from N (free_phase (F N) (theta N) T start) t beta eta) g_s) <= q ^ t * (g + e0) - size_J d ^ t * g /\
  (eta <> 0 -> norm (plus (Delta_param_from N (free_phase (F N) (theta N) T start) t beta eta) g_th) <=
     size_C d * (q ^ t * (g + e0) - size_J d ^ t * g) + (lipschitz_Phi d m n - size_C d) * (q ^ t * (g + e0))).
Proof.
intros HP HD Hl Hd HE Hs Hth Hb Hg L0 HL a0 e0 HC. fold (after T).
assert (A := after_distance T). fold a0 in A.
assert (E : norm (residual N (after T)) / Rabs beta + norm (minus (grad_ell N (after T)) (grad_ell N (s_star N))) <= e0).
{ unfold e0. apply Rplus_le_compat.
  - replace (c ^ T * (rho / Rabs beta)) with (c ^ T * rho / Rabs beta) by (field; now apply Rabs_no_R0).
    apply Rmult_le_compat_r. left. apply Rinv_0_lt_compat. now apply Rabs_pos_lt. apply after_residual.
  - eapply Rle_trans. apply HL. apply after_inside. now apply Rmult_le_compat_l. }
exact (@geometric_bound N DF DPhi_theta X d HP HD Hl at_rest Hd HE (after T) beta eta t a0 g e0 Hb A Hg E m n q HC g_s g_th Hs Hth).
Qed.

(** Theorem 1 with a finite free phase: it must be long enough for [c^T = o(beta)]. *)
Theorem theorem1_finite_free_phase (I : Type) (along : (I -> Prop) -> Prop) (HA : Filter along)
  (beta eta : I -> R) (T : I -> nat) (t : nat) (g_s : State N) (g_th : Param N) :
  has_primitive_function N -> (exists DF DPhi_theta, strict_derivatives N DF DPhi_theta) -> loss_differentiable N ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (0:R)) ->
  filterlim (fun x => c ^ T x / beta x) along (locally (0:R)) ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  filterlim (fun x => Delta_state_from N (free_phase (F N) (theta N) (T x) start) t (beta x) (eta x)) along (locally (opp g_s)) /\
  filterlim (fun x => Delta_param_from N (free_phase (F N) (theta N) (T x) start) t (beta x) (eta x)) along (locally (opp g_th)).
Proof.
intros HP HD Hl Hb Hb0 He0 Hk HT Hs Hth.
assert (rho0 : 0 <= rho) by exact (Rle_trans _ _ _ (norm_ge_0 _) start_residual).
apply (@approximately_settled N I along HA beta eta (fun x => after (T x)) t g_s g_th HP HD Hl at_rest Hb Hb0 He0 Hk); auto.
- assert (HcT : filterlim (fun x => c ^ T x) along (locally (0:R))).
  { apply filterlim_ext_loc with (fun x => c ^ T x / beta x * beta x).
    revert Hb0. apply filter_imp. intros x Hx. field. exact Hx.
    replace (0:R) with (0 * 0) by ring.
    exact (@flim_scal I along HA R_NormedModule (fun x => c ^ T x / beta x) beta 0 0 HT Hb). }
  apply (@flim_norm I along HA (State N)). intros eps.
  set (K := rho / (1 - c)). assert (K0 : 0 <= K) by (apply Rdiv_le_0_compat; lra).
  assert (He : 0 < eps / (K + 1)) by (apply Rdiv_lt_0_compat; [apply cond_pos | lra]).
  assert (B := proj1 (@flim_norm I along HA R_NormedModule _ _) HcT (mkposreal _ He)). revert B. apply filter_imp. intros x Hx.
  change (Rabs (c ^ T x + - 0) < eps / (K + 1)) in Hx. rewrite Ropp_0, Rplus_0_r, Rabs_right in Hx by (apply Rle_ge, pow_le; lra).
  eapply Rle_lt_trans. apply after_distance. fold K. assert (P : 0 <= c ^ T x) by (apply pow_le; lra).
  apply (Rmult_lt_compat_r (K + 1)) in Hx; [|lra]. replace (eps / (K + 1) * (K + 1)) with (eps : R) in Hx by (field; lra). lra.
- apply (@flim_norm I along HA (State N)). intros eps.
  assert (He : 0 < eps / (rho + 1)) by (apply Rdiv_lt_0_compat; [apply cond_pos | lra]).
  assert (B := proj1 (@flim_norm I along HA R_NormedModule _ _) HT (mkposreal _ He)).
  refine (@filter_imp I along HA _ _ _ (filter_and _ _ Hb0 B)). intros x [Hx0 Hx].
  change (Rabs (c ^ T x / beta x + - 0) < eps / (rho + 1)) in Hx. rewrite Ropp_0, Rplus_0_r in Hx.
  assert (P : 0 <= c ^ T x) by (apply pow_le; lra).
  eapply Rle_lt_trans. right; apply f_equal; apply minus_zero_r. rewrite norm_scal_R.
  unfold Rdiv in Hx at 1. rewrite Rabs_mult, (Rabs_right (c ^ T x)) in Hx by lra.
  assert (Q := Rabs_pos (/ beta x)). assert (small := after_residual (T x)).
  apply Rle_lt_trans with (Rabs (/ beta x) * (c ^ T x * rho)). now apply Rmult_le_compat_l.
  apply (Rmult_lt_compat_r (rho + 1)) in Hx; [|lra]. replace (eps / (rho + 1) * (rho + 1)) with (eps : R) in Hx by (field; lra).
  assert (0 <= c ^ T x * Rabs (/ beta x)) by (now apply Rmult_le_pos). lra.
Qed.
End FiniteFreePhase.
